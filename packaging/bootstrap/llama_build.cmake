# Included by CMake before llama-cpp-python's own CMakeLists.txt (CMAKE_PROJECT_llama_cpp_INCLUDE).
# That file forces llama.cpp's "common" library on, which only llama.cpp's own programs use and which takes a third of
# the build. A plain variable set here outranks the cache entry that it forces (policy CMP0126).
set(LLAMA_BUILD_COMMON OFF)
