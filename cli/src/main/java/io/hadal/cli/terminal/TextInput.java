package io.hadal.cli.terminal;

import io.hadal.formats.FormatException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Whole texts from files and standard input, UTF-8 in every locale. */
public final class TextInput {
  /** The name that stands for standard input. */
  public static final String STDIN = "-";

  /** Below the tokenizer's own limit in chars. */
  private static final int MAX_BYTES = 1 << 29;

  private TextInput() {}

  public static String file(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      throw new FormatException(file.toString(), "is a folder; a file with text is needed");
    }
    if (!Files.exists(file)) {
      throw new NoSuchFileException(file.toString());
    }
    try (InputStream in = Files.newInputStream(file)) {
      return read(in, file.toString());
    }
  }

  public static String stdin() throws IOException {
    return read(System.in, "standard input");
  }

  /** The existing file that an argument names, or null when the argument is text itself. */
  public static @Nullable Path existing(String argument) {
    try {
      Path path = Path.of(argument);
      return Files.exists(path) && !Files.isDirectory(path) ? path : null;
    } catch (InvalidPathException e) {
      return null;
    }
  }

  private static String read(InputStream in, String source) throws IOException {
    byte[] bytes = in.readNBytes(MAX_BYTES);
    if (bytes.length == MAX_BYTES) {
      throw new FormatException(
          source, "holds " + MAX_BYTES + " bytes of text or more; split it into smaller files");
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new FormatException(source, "is no UTF-8 text; convert it, for example with iconv", e);
    }
  }
}
