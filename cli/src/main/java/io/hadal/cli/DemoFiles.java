package io.hadal.cli;

import io.hadal.formats.AtomicFiles;
import io.hadal.formats.FormatException;
import io.hadal.formats.UserCache;
import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.zip.CRC32;
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
    Map<String, Sum> sums = new LinkedHashMap<>();
    CRC32 all = new CRC32();
    for (String name : names) {
      Sum sum = sum(resource + "/" + name);
      sums.put(name, sum);
      all.update((name + sum).getBytes(StandardCharsets.UTF_8));
    }
    String hash = HexFormat.of().toHexDigits(all.getValue(), 8);
    Path target = folder != null ? folder : UserCache.folder().resolve(resource + "-" + hash);
    try {
      for (Map.Entry<String, Sum> file : sums.entrySet()) {
        put(resource + "/" + file.getKey(), file.getValue(), target.resolve(file.getKey()));
      }
    } catch (IOException e) {
      throw new FormatException(
          target.toString(),
          "the embedded model cannot be unpacked (" + e + "); choose a folder with --folder",
          e);
    }
    return target;
  }

  /** What tells whether a file has a content, without unpacking the content first. */
  private record Sum(long bytes, long crc) {}

  /** A jar knows the sums of its entries. */
  private static Sum sum(String name) throws IOException {
    URL url = DemoFiles.class.getResource(name);
    if (url != null && url.openConnection() instanceof JarURLConnection jar) {
      JarEntry entry = jar.getJarEntry();
      if (entry != null && entry.getSize() >= 0 && entry.getCrc() >= 0) {
        return new Sum(entry.getSize(), entry.getCrc());
      }
    }
    byte[] bytes = read(name);
    CRC32 crc = new CRC32();
    crc.update(bytes);
    return new Sum(bytes.length, crc.getValue());
  }

  private static boolean holds(Path file, Sum sum) throws IOException {
    if (!Files.isRegularFile(file) || Files.size(file) != sum.bytes()) {
      return false;
    }
    try (FileChannel channel = FileChannel.open(file)) {
      CRC32 crc = new CRC32();
      crc.update(channel.map(FileChannel.MapMode.READ_ONLY, 0, sum.bytes()));
      return crc.getValue() == sum.crc();
    }
  }

  private static void put(String name, Sum sum, Path file) throws IOException {
    if (holds(file, sum)) {
      return;
    }
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null) {
      throw new IOException("no folder for " + file);
    }
    Files.createDirectories(folder);
    AtomicFiles.write(file, read(name));
  }

  private static byte[] read(String name) throws IOException {
    try (InputStream in = DemoFiles.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IOException("the embedded model is missing from this build: " + name);
      }
      return in.readAllBytes();
    }
  }
}
