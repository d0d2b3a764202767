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
inline constexpr std::uint16_t kFormatVersion = 2;
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
  PageIndex = 4,    ///< page files only: what the Pages chunk behind it holds; never compressed
  Pages = 5,        ///< page files only: contents of memory
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

// ---- page files ---------------------------------------------------------------------------------
//
// Contents of memory lie in CAPTURE/pages/<process>-<k>.fib, apart from the logs, named by their
// hash: any process of a capture may refer to any page. A page file has kPageFileMagic, and then
// pairs of chunks: PageIndex, Pages. Either alone (a torn tail) counts for nothing.

inline constexpr char kPageFileMagic[8] = {'F', 'I', 'B', 'P', 'A', 'G', 'E', 'S'};

/// Memory is cut into pages from the start of its region; the last one may be shorter.
inline constexpr std::uint32_t kPageBytes = 65536;

/// A PageIndex chunk is an array of these; contents lie back to back in the raw payload of the
/// Pages chunk, in this order, each padded to 8.
struct PageEntry {
  std::uint8_t hash[16];  ///< XXH3-128 of the content, canonical byte order
  std::uint32_t bytes;    ///< 1 .. kPageBytes
  std::uint32_t reserved;
};
static_assert(sizeof(PageEntry) == 24);

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
  Window = 17,
  Region = 18,
  PageHashes = 19,
  Stream = 20,
  Payload = 21,
  Point = 22,
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
/// `library_option_count` library options (LoadOption each), then `path_bytes` of text: the
/// file; or, for loads from memory, the shared object that holds the image (since version 2; empty
/// where none does).
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
  WindowRefused = 11,      ///< a window could not start (yet), or not at all
  WindowCut = 12,          ///< a budget ended a window before its time
  ForeignMemory = 13,      ///< memory of another process or device; its content is not recorded
  ArrayMemory = 14,        ///< arrays and textures; their content is not recorded
  SymbolsUnknown = 15,     ///< the globals of an image could not be listed
  HostRead = 16,           ///< the GPU read host memory whose content at that time is not known
  EffectLost = 17,         ///< what a launch changed could not be recorded
  MemoryUnknown = 18,      ///< memory that a graph allocates, or that came or went out of sight
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

// ---- windows (definitions) ----------------------------------------------------------------------
//
// A window is a span of time with everything that a replay of it needs: between two Window records
// (by RecordHeader::time) every record of every thread belongs to it. While a Window record is
// made no hook is running and the GPU is idle, so no call straddles it but those that only wait.
// Directly before the begin, in time, stand its Region, PageHashes (State) and Stream records and
// fresh Context records; directly before the end the PageHashes (Changed) of what it changed.

enum class WindowPhase : std::uint16_t { Begin = 1, End = 2 };
enum class WindowReason : std::uint16_t {
  Launches = 1,       ///< so many launches
  GraphLaunches = 2,  ///< so many graph launches
  Kernel = 3,         ///< a kernel of this name
  Range = 4,          ///< an NVTX range
  Signal = 5,
  Time = 6,
  Control = 7,  ///< fib ctl
  Bytes = 8,    ///< budget
  Seconds = 9,  ///< budget
  ProcessEnd = 10,
  Failure = 11,  ///< the rest of the window could not be recorded
};
enum class VerifyLevel : std::uint32_t { None = 0, Window = 1, Launch = 2 };

/// Followed by `text_bytes` of text: name of the kernel or range, or what failed.
struct WindowRecord {
  std::uint32_t window;        ///< 1, 2, 3 ... in this process
  std::uint16_t phase;         ///< WindowPhase
  std::uint16_t reason;        ///< WindowReason
  std::uint64_t pause_ns;      ///< how long the engine's threads were held
  std::uint64_t live_bytes;    ///< of all regions
  std::uint64_t pages;         ///< that were hashed
  std::uint64_t stored_pages;  ///< of those, not in the store before
  std::uint64_t stored_bytes;  ///< their content, before compression
  std::uint32_t verify;        ///< VerifyLevel; of an End without digests (it failed): None
  std::uint32_t text_bytes;
};
static_assert(sizeof(WindowRecord) == 56);

enum class RegionKind : std::uint16_t {
  Device = 1,  ///< cuMemAlloc family
  Pool = 2,    ///< cuMemAllocAsync; `handle`: the pool
  Mapped = 3,  ///< cuMemMap; `handle`: the allocation
  Managed = 4,
  Pinned = 5,      ///< cuMemAllocHost, cuMemHostAlloc
  Registered = 6,  ///< cuMemHostRegister
  Symbol = 7,      ///< a __device__ or __constant__ variable: `load`, and its name
  Foreign = 8,     ///< IPC, imported or peer memory: known, but without content
};

/// Memory that was live at a window's begin, or that became live within it (then the record's time
/// says when). Followed by `name_bytes` of text.
struct RegionRecord {
  std::uint32_t window;
  std::uint32_t region;   ///< 1, 2, 3 ... in this process: each allocation its own
  std::uint64_t address;  ///< as the GPU knows it
  std::uint64_t bytes;    ///< as asked for; Registered: as registered
  std::uint64_t context;  ///< CUcontext, 0 where it belongs to none
  std::uint64_t handle;   ///< see RegionKind
  std::uint64_t
      host_address;      ///< Pinned, Registered: as the CPU knows it (the same but for old GPUs)
  std::uint64_t offset;  ///< Mapped: within the allocation
  std::uint16_t kind;    ///< RegionKind
  std::uint16_t name_bytes;
  std::int32_t device;  ///< ordinal; -1: host
  std::uint32_t flags;  ///< as passed when it was made
  std::uint32_t load;   ///< Symbol: LoadRecord::load
};
static_assert(sizeof(RegionRecord) == 72);

enum class HashPhase : std::uint16_t {
  State = 1,    ///< content at the begin, or when the region became live; in the store
  Changed = 2,  ///< pages that differ at the end from the last known State; not in the store
  Point = 3,    ///< pages that differ at PointRecord::point from what was known before
};
// RecordHeader::flags of PageHashes
inline constexpr std::uint16_t kPagesStored = 1;  ///< the contents are in the store

/// Hashes of pages of a region. Followed by `run_count` runs, each a PageRun and then `count`
/// hashes of 16 bytes. A region may have several such records.
struct PageHashesRecord {
  std::uint32_t window, region;
  std::uint64_t point;  ///< HashPhase::Point: PointRecord::point; else 0
  std::uint16_t phase;  ///< HashPhase
  std::uint16_t reserved;
  std::uint32_t run_count;
};
static_assert(sizeof(PageHashesRecord) == 24);
struct PageRun {
  std::uint32_t first, count;  ///< pages
};
static_assert(sizeof(PageRun) == 8);

/// A stream that was live at a window's begin (not the two default ones).
struct StreamRecord {
  std::uint32_t window;
  std::uint32_t flags;  ///< CUstream_flags
  std::uint64_t handle, context;
  std::int32_t priority;
  std::uint32_t reserved;
};
static_assert(sizeof(StreamRecord) == 32);

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

enum class PayloadKind : std::uint32_t {
  Source = 1,  ///< host bytes that the thread's next Call copies to the GPU
  Host = 2,    ///< bytes of pinned, registered or managed memory that the thread's next Launch or
               ///< GraphLaunch may read: they differ from what was known
};

/// Host memory as it was when the thread's next Launch, GraphLaunch or Call record was made. Within
/// windows only. Followed by one hash of 16 bytes for each kPageBytes of it, the last part shorter;
/// the contents are in the store.
struct PayloadRecord {
  std::uint64_t address, bytes;
  std::uint32_t kind;  ///< PayloadKind
  std::uint32_t hash_count;
};
static_assert(sizeof(PayloadRecord) == 24);

enum class PointKind : std::uint16_t {
  Digest = 1,  ///< the changes of one launch are known (VerifyLevel::Launch)
  Effect = 2,  ///< besides, the launch can't run alone: a replay writes its changes instead
};
enum class EffectReason : std::uint16_t {
  None = 0,
  Name = 1,          ///< the kernel's name is that of a communication library
  Foreign = 2,       ///< it gets memory of another process or device
  HostFunction = 3,  ///< host code in stream order
  Pattern = 4,       ///< the user asked for it
};

/// State of memory right after the thread's previous record (a Launch, GraphLaunch or Call), with
/// the GPU idle. The pages that changed since the last Point, or since the begin, are in PageHashes
/// records with the same number.
struct PointRecord {
  std::uint64_t point;   ///< 1, 2, 3 ... in this process
  std::uint16_t kind;    ///< PointKind
  std::uint16_t effect;  ///< EffectReason
  std::uint32_t changed_pages;
};
static_assert(sizeof(PointRecord) == 16);

constexpr std::uint32_t padded(std::uint32_t bytes) { return (bytes + 7u) & ~7u; }

}  // namespace fib::trace
