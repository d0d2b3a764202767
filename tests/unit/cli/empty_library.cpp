// SPDX-License-Identifier: Apache-2.0
//
// Something that can be preloaded and does nothing.
extern "C" int fib_test_empty_library() { return 0; }
