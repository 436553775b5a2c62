# Header-only Boost.Math: Student's t.
target_link_libraries(allometer_stats PRIVATE Boost::headers)
