# The git revision is looked up by every build, not by the configure step alone; only provenance.cpp depends on it.
set(ALLOMETER_GENERATED_DIR "${PROJECT_BINARY_DIR}/generated")
add_custom_target(allometer_git_revision
  COMMAND ${CMAKE_COMMAND} -D "SOURCE_DIR=${PROJECT_SOURCE_DIR}"
          -D "OUTPUT=${ALLOMETER_GENERATED_DIR}/allometer_build.hpp" -D "VERSION=${PROJECT_VERSION}"
          -P "${PROJECT_SOURCE_DIR}/cmake/WriteBuildHeader.cmake"
  BYPRODUCTS "${ALLOMETER_GENERATED_DIR}/allometer_build.hpp"
  COMMENT "Looking up the git revision")
add_dependencies(allometer_core allometer_git_revision)
target_include_directories(allometer_core PRIVATE "${ALLOMETER_GENERATED_DIR}")
