# Every dependency is a Debian package (docs/dependencies.md); any other installation works through
# CMAKE_PREFIX_PATH, PKG_CONFIG_PATH or the modules of a site.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS CXX)
find_package(MPI REQUIRED COMPONENTS CXX)
find_package(HDF5 REQUIRED COMPONENTS C HL)
find_package(dnnl REQUIRED CONFIG)
find_package(Eigen3 3.4 REQUIRED NO_MODULE)
find_package(Boost 1.74 REQUIRED COMPONENTS program_options)
find_package(yaml-cpp REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(fmt REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(ZLIB REQUIRED)
pkg_check_modules(pcre2 REQUIRED IMPORTED_TARGET libpcre2-8)
# Its library for training comes along in the .pc file; nothing here trains.
pkg_check_modules(sentencepiece REQUIRED IMPORTED_TARGET sentencepiece)
pkg_check_modules(utf8proc REQUIRED IMPORTED_TARGET libutf8proc)

# CLD2 comes without a .pc file or a CMake package.
find_path(CLD2_INCLUDE_DIR cld2/public/compact_lang_det.h REQUIRED)
find_library(CLD2_LIBRARY cld2 REQUIRED)
add_library(allometer_cld2 INTERFACE)
target_include_directories(allometer_cld2 SYSTEM INTERFACE ${CLD2_INCLUDE_DIR})
target_link_libraries(allometer_cld2 INTERFACE ${CLD2_LIBRARY})

# FindHDF5 sets variables; one target keeps them out of the layers. A parallel HDF5 build needs MPI's headers.
add_library(allometer_hdf5 INTERFACE)
target_include_directories(allometer_hdf5 SYSTEM INTERFACE ${HDF5_INCLUDE_DIRS})
target_link_libraries(allometer_hdf5 INTERFACE ${HDF5_C_LIBRARIES} ${HDF5_C_HL_LIBRARIES})
target_compile_definitions(allometer_hdf5 INTERFACE ${HDF5_DEFINITIONS})
if(HDF5_IS_PARALLEL)
  target_link_libraries(allometer_hdf5 INTERFACE MPI::MPI_CXX)
endif()
