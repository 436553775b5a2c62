# Which characters Python's repr() escapes is a Unicode property.
target_link_libraries(allometer_template PRIVATE PkgConfig::utf8proc)
