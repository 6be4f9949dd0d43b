package io.hadal.kernels.foreign;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** The library's file: a resource, written to the user's cache when it lies in a jar. */
final class LibraryFile {
  private static final String RESOURCE = "native/linux-x86_64/libhadal.so";

  private LibraryFile() {}

  /** Null when the build holds no library. */
  static @Nullable Path find() throws IOException {
    URL url = LibraryFile.class.getResource("/io/hadal/kernels/" + RESOURCE);
    if (url == null) {
      return null;
    }
    if (url.getProtocol().equals("file")) {
      return Path.of(URI.create(url.toString()));
    }
    try (InputStream in = url.openStream()) {
      return cached(in.readAllBytes(), cacheFolder());
    }
  }

  private static Path cacheFolder() {
    String cache = System.getenv("XDG_CACHE_HOME");
    Path base =
        cache != null && !cache.isBlank()
            ? Path.of(cache)
            : Path.of(System.getProperty("user.home", "."), ".cache");
    return base.resolve("hadal").resolve("native");
  }

  /** Several processes may write at once: each moves a whole file to the same name. */
  static Path cached(byte[] library, Path folder) throws IOException {
    Path file = folder.resolve("libhadal-" + hash(library) + ".so");
    if (Files.exists(file) && Files.size(file) == library.length) {
      return file;
    }
    Files.createDirectories(folder);
    Path part = Files.createTempFile(folder, "libhadal-", ".part");
    try {
      Files.write(part, library);
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(part);
    }
    return file;
  }

  private static String hash(byte[] library) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(library);
      return HexFormat.of().formatHex(hash, 0, 8);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
