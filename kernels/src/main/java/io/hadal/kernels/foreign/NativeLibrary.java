package io.hadal.kernels.foreign;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Loads the library once and asks it what the CPU can do. */
public final class NativeLibrary {
  private static final Loaded LOADED = load();

  private record Loaded(
      @Nullable SymbolLookup symbols, int features, String version, String reason) {}

  private NativeLibrary() {}

  private static Loaded load() {
    String os = System.getProperty("os.name", "");
    String arch = System.getProperty("os.arch", "");
    if (!os.equals("Linux") || !arch.equals("amd64")) {
      return unusable(
          "it exists for Linux on x86-64 only, this is "
              + os
              + " on "
              + arch.toLowerCase(Locale.ROOT));
    }
    Module module = NativeLibrary.class.getModule();
    if (!module.isNativeAccessEnabled()) {
      String name = module.isNamed() ? module.getName() : "ALL-UNNAMED";
      return unusable(
          "native access is off; start with ./hadal or add --enable-native-access=" + name);
    }
    Path file;
    try {
      file = LibraryFile.find();
    } catch (IOException e) {
      return unusable("its file cannot be written: " + e);
    }
    if (file == null) {
      return unusable("this build has none; build it with scripts/build-native.sh");
    }
    try {
      return open(file);
    } catch (IllegalArgumentException e) {
      return unusable(file + " cannot be loaded: " + e.getMessage());
    }
  }

  private static Loaded open(Path file) {
    SymbolLookup symbols = SymbolLookup.libraryLookup(file, Arena.global());
    Linker linker = Linker.nativeLinker();
    try {
      int features =
          (int)
              linker
                  .downcallHandle(
                      symbols.findOrThrow("hadal_features"),
                      FunctionDescriptor.of(ValueLayout.JAVA_INT))
                  .invokeExact();
      MemorySegment version =
          (MemorySegment)
              linker
                  .downcallHandle(
                      symbols.findOrThrow("hadal_version"),
                      FunctionDescriptor.of(ValueLayout.ADDRESS))
                  .invokeExact();
      String name = version.reinterpret(128).getString(0);
      String reason =
          (features & CpuFeatures.VNNI) != 0
              ? ""
              : "this CPU has no AVX-512 with VNNI and VBMI; the kernels in Java are used";
      return new Loaded(symbols, features, name, reason);
    } catch (Throwable e) {
      return unusable(file + " is no library of Hadal: " + e.getMessage());
    }
  }

  private static Loaded unusable(String reason) {
    return new Loaded(null, 0, "", reason);
  }

  static SymbolLookup symbols() {
    return Objects.requireNonNull(LOADED.symbols, LOADED.reason);
  }

  /** Features of the CPU that kernels may use, {@link CpuFeatures}; 0 when there are none. */
  public static int features() {
    return LOADED.features;
  }

  /** Why the library cannot be used, with the remedy; null when it can. */
  public static @Nullable String problem() {
    return LOADED.reason.isEmpty() ? null : LOADED.reason;
  }

  /** Hash of the sources that the library was made from; empty without one. */
  public static String version() {
    return LOADED.version;
  }
}
