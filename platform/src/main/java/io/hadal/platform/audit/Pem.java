package io.hadal.platform.audit;

import io.hadal.formats.FormatException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Base64;

/** Keys in PEM (RFC 7468). */
final class Pem {
  private static final int MAX_BYTES = 64 << 10;

  private Pem() {}

  static String read(Path file) {
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new FormatException(file.toString(), "is too long for a key file");
      }
      return Files.readString(file, StandardCharsets.ISO_8859_1);
    } catch (NoSuchFileException e) {
      throw new FormatException(file.toString(), "no such file; name the PEM file of a key", e);
    } catch (IOException e) {
      throw new FormatException(file.toString(), "cannot be read: " + e.getMessage(), e);
    }
  }

  static byte[] block(String pem, String name, String source) {
    String begin = "-----BEGIN " + name + "-----";
    int start = pem.indexOf(begin);
    int end = start < 0 ? -1 : pem.indexOf("-----END " + name + "-----", start);
    if (end < 0) {
      throw new FormatException(source, "has no PEM block '" + name + "'");
    }
    try {
      return Base64.getMimeDecoder().decode(pem.substring(start + begin.length(), end));
    } catch (IllegalArgumentException e) {
      throw new FormatException(source, "the PEM block '" + name + "' is damaged", e);
    }
  }

  static String text(String name, byte[] content) {
    String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content);
    return "-----BEGIN " + name + "-----\n" + body + "\n-----END " + name + "-----\n";
  }
}
