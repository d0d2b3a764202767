// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Why a candidate did not pass, in words that stay: TrialResult::reason (docs/judge.md). What a
/// Comparer found wrong with values is said in its words: "wrong values", "NaN".
namespace fib::judge::reasons {

inline constexpr const char* kNoBuild = "not built";
inline constexpr const char* kNotLoaded = "not loaded";
inline constexpr const char* kRefused = "launch refused";
inline constexpr const char* kIllegalAddress = "illegal address";
inline constexpr const char* kDriverError = "driver error";
inline constexpr const char* kCrash = "crashed";
inline constexpr const char* kHang = "hangs";
inline constexpr const char* kWritesTooMuch = "writes too much";
inline constexpr const char* kWritesTooLittle = "writes too little";
inline constexpr const char* kModifiesInputs = "modifies its inputs";
inline constexpr const char* kSideEffectMissing = "side effect missing";
inline constexpr const char* kNaN = "NaN";
inline constexpr const char* kWrongValues = "wrong values";
inline constexpr const char* kWrongDType = "wrong dtype";
inline constexpr const char* kWrongShape = "wrong shape";
inline constexpr const char* kUninitialised = "relies on uninitialised memory";
inline constexpr const char* kNondeterministic = "nondeterministic";  ///< a note, no failure
inline constexpr const char* kRecordedOnly = "right only for the recorded inputs";
inline constexpr const char* kBeforeTimingOnly = "right only before timing";
inline constexpr const char* kHiddenWork = "works outside its timed kernels";
/// Of no candidate: the trial itself could not be done.
inline constexpr const char* kNoTrial = "no trial";

}  // namespace fib::judge::reasons
