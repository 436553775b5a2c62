#pragma once
/// What differs between oneDNN 2.x and 3.x, and its errors as ours. The only header with dnnl.hpp.

#include <cstdint>
#include <string>
#include <utility>

#include <dnnl.hpp>

#include "core/error.hpp"
#include "core/instruction_set.hpp"

namespace allometer::ops::detail {

inline const dnnl::engine& cpu_engine() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

/// Calls f; a dnnl::error becomes a BackendError that says what was tried.
template <class F>
decltype(auto) with_onednn(const std::string& what, F&& f) {
  try {
    return std::forward<F>(f)();
  } catch (const dnnl::error& e) {
    throw BackendError("oneDNN: " + what + ": " + e.what());
  }
}

inline dnnl::matmul::primitive_desc make_matmul(const dnnl::memory::desc& src,
                                                const dnnl::memory::desc& weights,
                                                const dnnl::memory::desc& dst,
                                                const dnnl::primitive_attr& attributes) {
#if DNNL_VERSION_MAJOR >= 3
  return {cpu_engine(), src, weights, dst, attributes};
#else
  return {dnnl::matmul::desc(src, weights, dst), attributes, cpu_engine()};
#endif
}

inline dnnl::cpu_isa onednn_isa(InstructionSet isa) {
  switch (isa) {
    case InstructionSet::avx2:
      return dnnl::cpu_isa::avx2;
    case InstructionSet::avx512:
      return dnnl::cpu_isa::avx512_core;
    case InstructionSet::avx512_bf16:
      return dnnl::cpu_isa::avx512_core_bf16;
  }
  return dnnl::cpu_isa::avx2;
}

}  // namespace allometer::ops::detail
