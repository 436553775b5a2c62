# cmake -D SOURCE_DIR=... -D OUTPUT=... -D VERSION=... -P WriteBuildHeader.cmake
# Writes the version and the git revision of the sources ("+" at the end: changed since) into OUTPUT, if they differ
# from what is there. A source tree outside git, or without git at hand, has the revision "unknown".
set(revision "unknown")
find_program(GIT git)
if(GIT)
  execute_process(COMMAND "${GIT}" -C "${SOURCE_DIR}" rev-parse --show-toplevel
                  OUTPUT_VARIABLE toplevel OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  file(REAL_PATH "${SOURCE_DIR}" source_dir)
  # A tarball unpacked inside somebody's repository must not take that repository's revision.
  if(NOT failed AND toplevel STREQUAL source_dir)
    execute_process(COMMAND "${GIT}" -C "${SOURCE_DIR}" rev-parse --short=12 HEAD
                    OUTPUT_VARIABLE head OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
    if(NOT failed)
      set(revision "${head}")
      execute_process(COMMAND "${GIT}" --no-optional-locks -C "${SOURCE_DIR}" status --porcelain
                              --untracked-files=no
                      OUTPUT_VARIABLE changes ERROR_QUIET)
      if(NOT changes STREQUAL "")
        string(APPEND revision "+")
      endif()
    endif()
  endif()
endif()

set(text "#pragma once
#define ALLOMETER_VERSION \"${VERSION}\"
#define ALLOMETER_GIT_REVISION \"${revision}\"
")
set(old "")
if(EXISTS "${OUTPUT}")
  file(READ "${OUTPUT}" old)
endif()
if(NOT old STREQUAL text)
  file(WRITE "${OUTPUT}" "${text}")
endif()
