# Header-only Boost.Math: distributions and quadrature.
target_link_libraries(allometer_stats PRIVATE Boost::headers)
allometer_kernels(stats)
# The products of stats are of whole numbers: contracted or not, they are exact.
foreach(isa IN ITEMS avx2 avx512)
  target_compile_options(allometer_stats_kernels_${isa} PRIVATE -ffp-contract=fast)
endforeach()
