# Warnings, sanitizers and contracts, the same for every target of ours.
function(allometer_compile_options target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF POSITION_INDEPENDENT_CODE ON)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion)
  # GCC 12 warns of impossible overlaps in "literal" + std::string (GCC bug 105651).
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
  # A result must not depend on how a compiler contracts or reorders floating-point sums.
  target_compile_options(${target} PRIVATE -ffp-contract=off)
  if(ALLOMETER_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(ALLOMETER_CONTRACTS OR CMAKE_BUILD_TYPE STREQUAL "Debug")
    target_compile_definitions(${target} PUBLIC ALLOMETER_CONTRACTS=1)
  endif()
  if(ALLOMETER_SANITIZE)
    # Undefined behaviour ends the program like a bad access does: a report that nobody reads proves nothing.
    target_compile_options(${target} PUBLIC -fsanitize=${ALLOMETER_SANITIZE} -fno-sanitize-recover=all
                           -fno-omit-frame-pointer)
    target_link_options(${target} PUBLIC -fsanitize=${ALLOMETER_SANITIZE})
  endif()
  if(ALLOMETER_FUZZ)
    target_compile_options(${target} PUBLIC -fsanitize=fuzzer-no-link)
  endif()
endfunction()

# allometer_layer(NAME USES layers... PUBLIC targets... PRIVATE targets...): the static library allometer::NAME from
# src/NAME/*.cpp (main.cpp excepted) and the folders in it.
function(allometer_layer name)
  cmake_parse_arguments(ARG "" "" "USES;PUBLIC;PRIVATE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/${name}/*.cpp"
       "${PROJECT_SOURCE_DIR}/src/${name}/*/*.cpp")
  # Kernels are compiled once per instruction set: allometer_kernels().
  list(FILTER sources EXCLUDE REGEX "/(main\\.cpp|kernels/.*)$")
  list(TRANSFORM ARG_USES PREPEND "allometer::")
  if(sources)
    add_library(allometer_${name} STATIC ${sources})
    target_include_directories(allometer_${name} PUBLIC "${PROJECT_SOURCE_DIR}/src")
    target_link_libraries(allometer_${name} PUBLIC ${ARG_USES} ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
    allometer_compile_options(allometer_${name})
  else()
    add_library(allometer_${name} INTERFACE)
    target_include_directories(allometer_${name} INTERFACE "${PROJECT_SOURCE_DIR}/src")
    target_link_libraries(allometer_${name} INTERFACE ${ARG_USES} ${ARG_PUBLIC})
  endif()
  add_library(allometer::${name} ALIAS allometer_${name})
  if(EXISTS "${PROJECT_SOURCE_DIR}/src/${name}/layer.cmake")
    include("${PROJECT_SOURCE_DIR}/src/${name}/layer.cmake")
  endif()
endfunction()

# allometer_kernels(NAME): src/NAME/kernels/kernels.cpp, compiled once per instruction set into the layer; what runs is chosen
# at run time. Every other file is plain x86-64, so the program starts anywhere.
set(allometer_kernel_flags_avx2 -mavx2 -mfma -mf16c)
set(allometer_kernel_flags_avx512 -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma -mf16c)
function(allometer_kernels name)
  foreach(isa IN ITEMS avx2 avx512)
    set(kernels allometer_${name}_kernels_${isa})
    add_library(${kernels} OBJECT "${PROJECT_SOURCE_DIR}/src/${name}/kernels/kernels.cpp")
    target_include_directories(${kernels} PRIVATE "${PROJECT_SOURCE_DIR}/src")
    allometer_compile_options(${kernels})
    target_compile_options(${kernels} PRIVATE ${allometer_kernel_flags_${isa}} $<$<CONFIG:Release,RelWithDebInfo>:-O3>)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")  # GCC 12 warns about its own AVX-512 header
      target_compile_options(${kernels} PRIVATE -Wno-uninitialized -Wno-maybe-uninitialized)
    endif()
    target_compile_definitions(${kernels} PRIVATE ALLOMETER_KERNELS=${isa})
    target_sources(allometer_${name} PRIVATE $<TARGET_OBJECTS:${kernels}>)
  endforeach()
endfunction()

# allometer_tests(NAME layers...): the unit tests tests/NAME/*_test.cpp, also in folders there, as one executable, every test known to ctest.
function(allometer_tests name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/${name}/*_test.cpp"
       "${PROJECT_SOURCE_DIR}/tests/${name}/*/*_test.cpp")
  if(NOT sources)
    return()
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_executable(${name}_tests ${sources})
  target_include_directories(${name}_tests PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  target_link_libraries(${name}_tests PRIVATE ${ARG_LIBRARIES} ${ARG_UNPARSED_ARGUMENTS} nlohmann_json::nlohmann_json
                        fmt::fmt GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name}_tests PRIVATE ALLOMETER_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  allometer_compile_options(${name}_tests)
  # Tests are compiled more often than they are run.
  target_compile_options(${name}_tests PRIVATE $<$<CONFIG:Release,RelWithDebInfo>:-O1>)
  gtest_discover_tests(${name}_tests TEST_PREFIX "${name}." DISCOVERY_MODE PRE_TEST
                       PROPERTIES TIMEOUT ${ARG_TIMEOUT} ENVIRONMENT OMP_WAIT_POLICY=passive SKIP_REGULAR_EXPRESSION "\\[  SKIPPED \\]" LABELS unit)
endfunction()
