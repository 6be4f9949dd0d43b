package io.hadal.train.corpus;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import tools.jackson.databind.JsonNode;

/** The texts of evaluation sets: every string in gzip-compressed JSON or JSONL files. */
final class Benchmarks {
  private static final int MAX_LINE = 8 << 20;
  private static final int MAX_DOCUMENT = 64 << 20;

  private Benchmarks() {}

  /** The files of a folder, in order of their names. */
  static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      List<Path> files =
          entries
              .filter(f -> f.toString().endsWith(".jsonl.gz") || f.toString().endsWith(".json.gz"))
              .sorted()
              .toList();
      if (files.isEmpty()) {
        throw new FormatException(folder.toString(), "holds no .jsonl.gz or .json.gz file");
      }
      return files;
    }
  }

  /** Gives every string value of a file to {@code consumer}. */
  static void read(Path file, Consumer<String> consumer) throws IOException {
    if (file.toString().endsWith(".json.gz")) {
      readWhole(file, consumer);
      return;
    }
    int number = 0;
    try (BufferedReader in =
        new BufferedReader(
            new InputStreamReader(
                new GZIPInputStream(Files.newInputStream(file)), StandardCharsets.UTF_8))) {
      StringBuilder line = new StringBuilder();
      int c;
      do {
        c = in.read();
        if (c >= 0 && c != '\n') {
          if (line.length() == MAX_LINE) {
            throw new FormatException(
                file + " line " + (number + 1), "is longer than " + MAX_LINE + " characters");
          }
          line.append((char) c);
          continue;
        }
        number++;
        if (!line.toString().isBlank()) {
          byte[] json = line.toString().getBytes(StandardCharsets.UTF_8);
          strings(Json.parse(json, file + " line " + number), consumer);
        }
        line.setLength(0);
      } while (c >= 0);
    }
  }

  private static void readWhole(Path file, Consumer<String> consumer) throws IOException {
    try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
      byte[] json = in.readNBytes(MAX_DOCUMENT + 1);
      if (json.length > MAX_DOCUMENT) {
        throw new FormatException(file.toString(), "is longer than " + MAX_DOCUMENT + " bytes");
      }
      strings(Json.parse(json, file.toString()), consumer);
    }
  }

  private static void strings(JsonNode node, Consumer<String> consumer) {
    if (node.isString()) {
      consumer.accept(node.stringValue());
    } else {
      node.forEach(child -> strings(child, consumer));
    }
  }
}
