//! compute-emulator
