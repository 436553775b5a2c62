# The kernels are one source compiled per instruction set; what runs is chosen at run time (ops/backend.cpp). Every other
# file of the layer is plain x86-64, so the program starts anywhere.
set(allometer_kernel_flags_avx2 -mavx2 -mfma -mf16c)
set(allometer_kernel_flags_avx512 -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma -mf16c)
foreach(isa IN ITEMS avx2 avx512)
  add_library(allometer_ops_kernels_${isa} OBJECT "${PROJECT_SOURCE_DIR}/src/ops/kernels/kernels.cpp")
  target_include_directories(allometer_ops_kernels_${isa} PRIVATE "${PROJECT_SOURCE_DIR}/src")
  allometer_compile_options(allometer_ops_kernels_${isa})
  target_compile_options(allometer_ops_kernels_${isa} PRIVATE ${allometer_kernel_flags_${isa}}
                         $<$<CONFIG:Release,RelWithDebInfo>:-O3>)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")  # GCC 12 warns about its own AVX-512 header
    target_compile_options(allometer_ops_kernels_${isa} PRIVATE -Wno-uninitialized -Wno-maybe-uninitialized)
  endif()
  target_compile_definitions(allometer_ops_kernels_${isa} PRIVATE ALLOMETER_KERNELS=${isa})
  target_sources(allometer_ops PRIVATE $<TARGET_OBJECTS:allometer_ops_kernels_${isa}>)
endforeach()
