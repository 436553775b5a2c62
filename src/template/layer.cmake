# Python's str knows the properties of Unicode; the filter regex_replace is Python's re.sub.
target_link_libraries(allometer_template PRIVATE PkgConfig::utf8proc PkgConfig::pcre2)
# GCC 12 takes the unused bytes of a moved std::variant for uninitialised ones (GCC bug 80635 and kin).
target_compile_options(allometer_template PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
