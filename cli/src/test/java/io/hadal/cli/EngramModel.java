package io.hadal.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Objects;
import java.util.zip.GZIPInputStream;

/** A tiny V4.1 checkpoint with Engram in layers 1 and 4, unpacked once for all tests. */
final class EngramModel {
  static final Path FOLDER = unpack();

  /** N-gram orders 2 to 4 with 2 heads each. */
  static final int COLUMNS = 6;

  /** 16 values in bf16. */
  static final int ROW_BYTES = 32;

  private EngramModel() {}

  private static Path unpack() {
    try {
      Path folder = Files.createDirectories(Path.of("target", "engram-model"));
      for (String name : new String[] {"config.json", "tokenizer.json", "tokenizer_config.json"}) {
        copy(open(name), folder.resolve(name));
      }
      copy(new GZIPInputStream(open("model.safetensors.gz")), folder.resolve("model.safetensors"));
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static InputStream open(String name) {
    return Objects.requireNonNull(EngramModel.class.getResourceAsStream("/golden/e/" + name), name);
  }

  private static void copy(InputStream from, Path to) throws IOException {
    try (from) {
      Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  /** Runs a command on the model. */
  static Invocation on(String command, String... more) {
    String[] args = new String[more.length + 3];
    args[0] = command;
    args[1] = "--model";
    args[2] = FOLDER.toString();
    System.arraycopy(more, 0, args, 3, more.length);
    return Invocation.hadal(args);
  }
}
