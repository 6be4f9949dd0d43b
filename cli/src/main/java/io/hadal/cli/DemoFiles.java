package io.hadal.cli;

import io.hadal.formats.FormatException;
import io.hadal.formats.UserCache;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Embedded models as files, which is what models are mapped from. */
final class DemoFiles {
  private static final List<String> REFERENCE =
      List.of(
          "config.json",
          "model.safetensors",
          "NOTICE.md",
          "golden/index.json",
          "golden/logits.safetensors");

  private static final String TRAINED_FILE = "hadal-nano.gguf";
  private static final List<String> TRAINED = List.of(TRAINED_FILE, "MODEL_CARD.md");

  private DemoFiles() {}

  /** The small test model with random weights and its reference numbers. */
  static Path unpack(@Nullable Path folder) throws IOException {
    return unpack("demo", REFERENCE, folder);
  }

  /** The model that Hadal has trained, as one file. */
  static Path trained(@Nullable Path folder) throws IOException {
    return unpack("trained", TRAINED, folder).resolve(TRAINED_FILE);
  }

  /**
   * Unpacks embedded files where they are missing or differ; every file appears whole or not at
   * all, so several processes may do this at once.
   *
   * @param folder where to; null for a folder of this content in the user's cache
   */
  private static Path unpack(String resource, List<String> names, @Nullable Path folder)
      throws IOException {
    Map<String, byte[]> contents = new LinkedHashMap<>();
    MessageDigest digest = sha256();
    for (String name : names) {
      byte[] bytes = read(resource + "/" + name);
      contents.put(name, bytes);
      digest.update(bytes);
    }
    String hash = HexFormat.of().formatHex(digest.digest(), 0, 6);
    Path target = folder != null ? folder : UserCache.folder().resolve(resource + "-" + hash);
    try {
      for (Map.Entry<String, byte[]> file : contents.entrySet()) {
        put(target.resolve(file.getKey()), file.getValue());
      }
    } catch (IOException e) {
      throw new FormatException(
          target.toString(),
          "the embedded model cannot be unpacked (" + e + "); choose a folder with --folder",
          e);
    }
    return target;
  }

  private static void put(Path file, byte[] bytes) throws IOException {
    if (Files.isRegularFile(file)
        && Files.size(file) == bytes.length
        && Arrays.equals(Files.readAllBytes(file), bytes)) {
      return;
    }
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null) {
      throw new IOException("no folder for " + file);
    }
    Files.createDirectories(folder);
    Path part = Files.createTempFile(folder, ".unpacking", ".part");
    try {
      Files.write(part, bytes);
      Files.move(part, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  private static byte[] read(String name) throws IOException {
    try (InputStream in = DemoFiles.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IOException("the embedded model is missing from this build: " + name);
      }
      return in.readAllBytes();
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
