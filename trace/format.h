// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

/// The bytes of a capture's `log.fib`. docs/format.md draws them; a change here changes that page,
/// the version table and a golden capture in the same commit.
///
/// Rules: little endian, fixed-width fields only, every structure a multiple of 8 bytes without
/// implicit padding, ids never reused for another meaning. Readers accept every older version.
namespace fib::trace {

inline constexpr char kFileMagic[8] = {'F', 'I', 'B', 'T', 'R', 'A', 'C', 'E'};
inline constexpr std::uint16_t kFormatVersion = 1;
inline constexpr std::uint16_t kEndianMark = 0x0102;  ///< 0x0201 on a machine of the other order
inline constexpr std::uint32_t kChunkMagic = 0x4b484346;  ///< "FCHK"

/// A chunk whose payload is larger than this, stored or raw, is damaged: no writer makes one.
inline constexpr std::uint32_t kMaxChunkBytes = 256u << 20;

/// Nor one whose payload grows to more than this; a writer stores such payloads uncompressed. It
/// keeps the work of reading linear in the size of the file, whoever made the file.
constexpr std::uint64_t max_raw_bytes(std::uint32_t stored_bytes) {
  return 65536 + std::uint64_t{1024} * stored_bytes;
}

struct FileHeader {
  char magic[8];
  std::uint16_t version;
  std::uint16_t endian;
  std::uint32_t header_bytes;  ///< chunks start here; a later version may lengthen the header
  std::uint64_t start_unix_ns;
  std::uint64_t checksum;  ///< XXH3-64 of the 24 bytes above
};
static_assert(sizeof(FileHeader) == 32);

enum class ChunkType : std::uint16_t {
  Records = 1,      ///< what one thread did, in its order
  Definitions = 2,  ///< what records refer to: images, kernels, graphs, devices ...
  End = 3,          ///< the process closed the log cleanly; chunks may follow (calls made at exit)
};

/// ChunkHeader::flags: the payload is one zstd frame, which tells its raw size.
inline constexpr std::uint16_t kChunkZstd = 1;

struct ChunkHeader {
  std::uint32_t magic;
  std::uint16_t type;
  std::uint16_t flags;
  std::uint32_t stored_bytes;  ///< payload in the file
  std::uint32_t raw_bytes;     ///< payload after decompression
  std::uint64_t sequence;      ///< 0, 1, 2 ... over the file
  std::uint64_t checksum;  ///< XXH3-64 of the stored payload; seed: XXH3-64 of the 24 bytes above
};
static_assert(sizeof(ChunkHeader) == 32);

/// First bytes of the raw payload of a Records or Definitions chunk; records follow back to back.
struct RecordsPrefix {
  std::uint32_t thread;  ///< index of the thread within the log; kDefinitionsThread in Definitions
  std::uint32_t reserved;
};
static_assert(sizeof(RecordsPrefix) == 8);
inline constexpr std::uint32_t kDefinitionsThread = 0xffffffff;

/// Raw payload of an End chunk.
struct EndPayload {
  std::uint64_t records;   ///< written so far, all threads
  std::uint64_t launches;  ///< launches written so far
  std::uint64_t dropped_records;
  std::uint64_t dropped_launches;
};
static_assert(sizeof(EndPayload) == 32);

enum class RecordType : std::uint16_t {
  Pad = 0,  ///< filler at the end of a ring; carries nothing
  Process = 1,
  Clock = 2,
  Api = 3,
  Device = 4,
  Context = 5,
  Load = 6,
  Image = 7,
  Kernel = 8,
  Launch = 9,
  Graph = 10,
  GraphLaunch = 11,
  Call = 12,
  Deviation = 13,
  Drops = 14,
  Thread = 15,
  GraphUpdate = 16,
};

/// In front of every record. Times are ticks of the recording machine's cycle counter: Clock
/// records turn them into nanoseconds. A record's time is when the call *began*; it ended
/// `duration` later. Order of effects between threads: for calls that release something (free,
/// destroy) the begin counts, for calls that acquire (alloc, create) the end.
struct RecordHeader {
  std::uint16_t type;
  std::uint16_t flags;
  std::uint32_t bytes;  ///< whole record, this header included; a multiple of 8
  std::uint64_t time;
};
static_assert(sizeof(RecordHeader) == 16);

// ---- definitions --------------------------------------------------------------------------------

/// Which process made this log. Followed by `string_count` pairs of strings {u32 bytes, text} key,
/// {u32 bytes, text} value, back to back, then zero bytes up to a multiple of 8.
struct ProcessRecord {
  std::uint32_t pid, parent_pid;
  std::int32_t rank, local_rank, world_size;  ///< -1: not known
  std::int32_t driver_version;                ///< as cuDriverGetVersion says: 13000 = 13.0
  std::uint64_t ticks_per_second;             ///< first estimate; Clock records are better
  std::uint32_t string_count, reserved;
};
static_assert(sizeof(ProcessRecord) == 40);

/// Ties RecordHeader::time to the clocks of the machine.
struct ClockRecord {
  std::uint64_t unix_ns;       ///< CLOCK_REALTIME
  std::uint64_t monotonic_ns;  ///< CLOCK_MONOTONIC
};
static_assert(sizeof(ClockRecord) == 16);

/// Names one number used by CallRecord::api, with the argument words of driver/driver_api.def.
/// Followed by `name_bytes` and then `args_bytes` of text, then zeros up to a multiple of 8.
struct ApiRecord {
  std::uint16_t api, name_bytes, args_bytes, reserved;
};
static_assert(sizeof(ApiRecord) == 8);

/// Followed by `name_bytes` of text.
struct DeviceRecord {
  std::int32_t ordinal, cc_major, cc_minor, sm_count;
  std::uint8_t uuid[16];
  std::uint64_t memory_bytes;
  std::uint32_t name_bytes, reserved;
};
static_assert(sizeof(DeviceRecord) == 48);

/// Followed by `limit_count` of ContextLimit.
struct ContextRecord {
  std::uint64_t handle;
  std::int32_t device;
  std::uint32_t limit_count;
};
struct ContextLimit {
  std::uint32_t limit;  ///< CUlimit
  std::uint32_t reserved;
  std::uint64_t value;
};
static_assert(sizeof(ContextRecord) == 16 && sizeof(ContextLimit) == 16);

enum class ImageKind : std::uint16_t {
  Unknown = 0,
  Elf = 1,     ///< a cubin
  Ptx = 2,     ///< text; stored without its terminating NUL
  Fatbin = 3,  ///< container with magic 0xBA55ED50
  Linked = 4,  ///< fatbinC wrapper version 2: part 0 is the linked fatbin, parts 1.. the inputs
};

/// One successful module or library load. Followed by `option_count` JIT options, then
/// `library_option_count` library options (LoadOption each), then `path_bytes` of text (loads by
/// file).
struct LoadRecord {
  std::uint32_t load;     ///< 1, 2, 3 ...
  std::uint16_t api;      ///< which entry point; see ApiRecord
  std::uint16_t kind;     ///< ImageKind
  std::uint64_t handle;   ///< CUmodule or CUlibrary
  std::uint64_t address;  ///< of the image in the process
  std::uint64_t bytes;    ///< of the image; 0 where its length could not be told
  std::uint64_t context;  ///< current context; 0 for libraries
  std::uint32_t option_count, library_option_count, path_bytes, reserved;
};
static_assert(sizeof(LoadRecord) == 56);
struct LoadOption {
  std::uint32_t option;  ///< CUjit_option or CUlibraryOption
  std::uint32_t reserved;
  std::uint64_t value;  ///< as passed: a number, or the address of a buffer
};
static_assert(sizeof(LoadOption) == 16);

/// The bytes of a load are in the store as images/<hash in hex>. Only loads whose kernels ran have
/// one.
struct ImageRecord {
  std::uint32_t load;
  std::uint32_t part;     ///< see ImageKind::Linked; otherwise 0
  std::uint8_t hash[16];  ///< XXH3-128, canonical (big endian) byte order
  std::uint64_t bytes;
  std::uint16_t kind;  ///< ImageKind
  std::uint16_t reserved[3];
};
static_assert(sizeof(ImageRecord) == 40);

// RecordHeader::flags of a Kernel
inline constexpr std::uint16_t kKernelIsLibraryKernel = 1;  ///< handle is a CUkernel
inline constexpr std::uint16_t kKernelLayoutUnknown = 2;  ///< the driver could not tell parameters
inline constexpr std::uint16_t kKernelFiltered = 4;       ///< its launches are not recorded

/// Followed by `param_count` of KernelParam, `attribute_count` of KernelAttribute, `name_bytes` of
/// text.
struct KernelRecord {
  std::uint32_t kernel;  ///< 1, 2, 3 ...
  std::uint32_t load;    ///< LoadRecord::load; 0: loaded out of sight
  std::uint64_t handle;  ///< as the launch passed it
  std::uint32_t param_count, param_bytes, attribute_count, name_bytes;
};
static_assert(sizeof(KernelRecord) == 32);
struct KernelParam {
  std::uint32_t offset, bytes;
};
struct KernelAttribute {
  std::int32_t attribute;  ///< CUfunction_attribute
  std::int32_t value;
};

/// Dependency between two nodes, by index into the nodes of the record.
struct GraphEdge {
  std::uint32_t from, to;
  std::uint8_t from_port, to_port, type, reserved[5];  ///< CUgraphEdgeData
};
static_assert(sizeof(GraphEdge) == 16);

inline constexpr std::uint16_t kKernelNodeType = 0;  ///< GraphNode::type: CU_GRAPH_NODE_TYPE_KERNEL
inline constexpr std::uint32_t kNoParent = 0xffffffff;
inline constexpr std::uint16_t kNodeParamsUnknown = 1;    ///< GraphNode::flags
inline constexpr std::uint16_t kNodeConditionalBody = 2;  ///< how often it runs is not known

/// One node, followed by its payload up to `bytes`: for a kernel node KernelNode and what it says,
/// for others the driver's own parameter structure for the node type, as read back.
struct GraphNode {
  std::uint32_t bytes;  ///< with payload; a multiple of 8
  std::uint16_t type;   ///< CUgraphNodeType
  std::uint16_t flags;
  std::uint64_t handle;  ///< CUgraphNode
  std::uint32_t parent;  ///< index of the child or conditional node that holds it, or kNoParent
  std::uint32_t reserved;
};
static_assert(sizeof(GraphNode) == 24);

/// Followed by `param_bytes` (padded to 8) and `attribute_count` raw attributes of
/// kLaunchAttributeBytes.
struct KernelNode {
  std::uint32_t kernel;
  std::uint32_t grid[3], block[3];
  std::uint32_t shared_bytes, param_bytes, attribute_count;
};
static_assert(sizeof(KernelNode) == 40);

/// A graph as instantiated (`revision` 0) or after a whole-graph update (1, 2 ...). Followed by
/// `node_count` nodes (GraphNode + payload), then `edge_count` of GraphEdge.
struct GraphRecord {
  std::uint32_t exec;  ///< 1, 2, 3 ...: this executable graph, also after its handle is reused
  std::uint32_t revision;
  std::uint64_t exec_handle, graph_handle;
  std::uint64_t flags;  ///< CUgraphInstantiate_flags
  std::uint32_t node_count, edge_count;
};
static_assert(sizeof(GraphRecord) == 40);

/// New parameters for one node of an executable graph. Followed by one node (GraphNode + payload).
struct GraphUpdateRecord {
  std::uint32_t exec, reserved;
};
static_assert(sizeof(GraphUpdateRecord) == 8);

/// Something that could not be recorded, or not fully. Followed by `text_bytes` of text.
struct DeviationRecord {
  std::uint32_t code;  ///< Deviation
  std::uint32_t text_bytes;
};
enum class Deviation : std::uint32_t {
  HostFunction = 1,        ///< host code ran in stream order; a replay can't run it
  ParameterLayout = 2,     ///< the driver could not tell a kernel's parameters
  ImageUnknown = 3,        ///< no bytes for a kernel that ran
  ConditionalGraph = 4,    ///< body executions can't be counted from the host
  GraphUnreadable = 5,     ///< a node's parameters could not be read back
  LegacyLaunch = 6,        ///< cuLaunch/cuLaunchGrid: parameters were set by earlier calls
  StoreFailed = 7,         ///< image or log could not be written
  DefinitionDropped = 8,   ///< memory for definitions ran out
  UnknownAttribute = 9,    ///< a launch attribute newer than this build; recorded raw
  DeviceGraphLaunch = 10,  ///< graph that kernels may launch themselves
};

/// Records lost because a ring was full. Cumulative for the thread.
struct DropsRecord {
  std::uint32_t thread, reserved;
  std::uint64_t records, bytes, launches;
};
static_assert(sizeof(DropsRecord) == 32);

/// Followed by `name_bytes` of text.
struct ThreadRecord {
  std::uint32_t thread;  ///< RecordsPrefix::thread
  std::uint32_t tid;     ///< of the operating system
  std::uint32_t name_bytes, reserved;
};
static_assert(sizeof(ThreadRecord) == 16);

// ---- what threads do ----------------------------------------------------------------------------

inline constexpr std::uint32_t kLaunchAttributeBytes = 72;  ///< sizeof(CUlaunchAttribute)

// RecordHeader::flags of a Launch
inline constexpr std::uint16_t kLaunchCaptured = 1;  ///< recorded into a graph, did not run
inline constexpr std::uint16_t kLaunchExtra = 2;     ///< parameters came through `extra`
inline constexpr std::uint16_t kLaunchParamsUnknown = 4;
inline constexpr std::uint16_t kLaunchPerThreadStream = 8;  ///< a _ptsz entry point

/// Followed by `param_bytes` (padded to 8), then `attribute_count` attributes of
/// kLaunchAttributeBytes each, raw: {u32 id, u32 0, u8 value[64]}.
struct LaunchRecord {
  std::uint32_t kernel;
  std::uint32_t duration;  ///< ticks spent in the driver's call
  std::uint32_t grid[3], block[3];
  std::uint32_t shared_bytes;
  std::int32_t result;    ///< CUresult; anything but 0 did not run
  std::uint64_t stream;   ///< as passed; 0 of a _ptsz entry point: 2 (CU_STREAM_PER_THREAD)
  std::uint64_t context;  ///< current context; 0: not asked
  std::uint64_t capture;  ///< id of the capture sequence, 0 when not captured
  std::uint32_t param_bytes;
  std::uint16_t attribute_count;
  std::uint16_t api;  ///< which entry point; see ApiRecord
};
static_assert(sizeof(LaunchRecord) == 72);

/// One execution of everything in an executable graph.
struct GraphLaunchRecord {
  std::uint32_t exec;  ///< GraphRecord::exec; 0: instantiated out of sight
  std::uint32_t duration;
  std::uint64_t exec_handle, stream, context;
  std::int32_t result;
  std::uint16_t api, reserved;
};
static_assert(sizeof(GraphLaunchRecord) == 40);

/// Any other driver call. Followed by `word_count` words of 64 bits, one per argument in order,
/// then the blobs of the arguments that have bytes behind them, in order, each padded to 8. What a
/// word holds is told by the argument words of the call's ApiRecord:
///   `name`, small `=name`: the value.   `$name`, `*name`, `*name[count]`, `=name` of more than 8
///   bytes, and structures passed by value of more than 8 bytes: length of its blob in bytes.
struct CallRecord {
  std::uint16_t api, word_count;
  std::int32_t result;
  std::uint32_t duration, blob_bytes;
  std::uint64_t context;  ///< current context where it matters; 0: not asked
};
static_assert(sizeof(CallRecord) == 24);

constexpr std::uint32_t padded(std::uint32_t bytes) { return (bytes + 7u) & ~7u; }

}  // namespace fib::trace
