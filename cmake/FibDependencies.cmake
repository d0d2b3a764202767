# Everything that we use and did not write. scripts/setup installs it on Debian and Ubuntu; nothing
# is downloaded at configure time. Headers in .deps/ (which scripts/setup fills) also count.
set(FIB_HOW_TO_INSTALL "run scripts/setup, which installs it on Debian and Ubuntu")

# cuda.h of CUDA 13.0 or newer: driver_api.def has rows that older headers do not declare.
set(FIB_CUDA_ROOT "" CACHE PATH "Directory whose include/ holds cuda.h (13.0 or newer)")
set(FIB_CUDA_OLDEST 13000)

# Sets `version` to the CUDA_VERSION of `include_dir`/cuda.h, 0 without one.
function(fib_cuda_version include_dir version)
  set(found 0)
  if(EXISTS ${include_dir}/cuda.h)
    file(STRINGS ${include_dir}/cuda.h line REGEX "^#define CUDA_VERSION [0-9]+")
    if(line)
      string(REGEX REPLACE "[^0-9]+" "" found "${line}")
    endif()
  endif()
  set(${version} ${found} PARENT_SCOPE)
endfunction()

if(NOT FIB_CUDA_INCLUDE)
  foreach(root ${FIB_CUDA_ROOT} $ENV{CUDA_HOME} ${CMAKE_SOURCE_DIR}/.deps/cuda /usr/local/cuda /usr)
    fib_cuda_version(${root}/include version)
    if(version GREATER_EQUAL FIB_CUDA_OLDEST)
      set(FIB_CUDA_INCLUDE ${root}/include CACHE PATH "Directory that holds cuda.h")
      break()
    endif()
  endforeach()
endif()
if(NOT FIB_CUDA_INCLUDE)
  message(FATAL_ERROR "No cuda.h of CUDA 13.0 or newer (looked in FIB_CUDA_ROOT, CUDA_HOME, .deps/cuda, "
                      "/usr/local/cuda): ${FIB_HOW_TO_INSTALL}, or set FIB_CUDA_ROOT")
endif()
add_library(fib_cuda_headers INTERFACE)
target_include_directories(fib_cuda_headers SYSTEM INTERFACE ${FIB_CUDA_INCLUDE})

# Finds `header` and sets the cache variable `variable` to its directory, or says what to do.
function(fib_find_header variable header)
  find_path(${variable} ${header} HINTS ${CMAKE_SOURCE_DIR}/.deps/include)
  if(NOT ${variable})
    message(FATAL_ERROR "No ${header}: ${FIB_HOW_TO_INSTALL}")
  endif()
endfunction()

fib_find_header(FIB_XXHASH_INCLUDE xxhash.h)
add_library(fib_xxhash INTERFACE)
target_include_directories(fib_xxhash SYSTEM INTERFACE ${FIB_XXHASH_INCLUDE})
target_compile_definitions(fib_xxhash INTERFACE XXH_INLINE_ALL)

# Static: libfibshim.so must not bring a library into a process that does not have it. `name` as in
# fib_zstd, zstd.h, libzstd.a.
function(fib_static_library name)
  string(TOUPPER ${name} NAME)
  fib_find_header(FIB_${NAME}_INCLUDE ${name}.h)
  find_library(FIB_${NAME}_STATIC lib${name}.a HINTS ${CMAKE_SOURCE_DIR}/.deps/lib)
  if(NOT FIB_${NAME}_STATIC)
    message(FATAL_ERROR "No lib${name}.a: ${FIB_HOW_TO_INSTALL}")
  endif()
  add_library(fib_${name} INTERFACE)
  target_include_directories(fib_${name} SYSTEM INTERFACE ${FIB_${NAME}_INCLUDE})
  target_link_libraries(fib_${name} INTERFACE ${FIB_${NAME}_STATIC})
endfunction()
fib_static_library(zstd)
fib_static_library(lz4)  # code images are compressed with either

find_package(Threads REQUIRED)

# Finds a CMake package, or says what to do.
macro(fib_find_package name)
  find_package(${name} ${ARGN} QUIET)
  if(NOT ${name}_FOUND)
    message(FATAL_ERROR "No CMake package ${name} ${ARGN}: ${FIB_HOW_TO_INSTALL}")
  endif()
endmacro()
fib_find_package(nlohmann_json 3.10)
