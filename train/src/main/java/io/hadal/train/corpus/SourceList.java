package io.hadal.train.corpus;

import io.hadal.formats.FormatException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What a corpus is made of. One artifact per line, {@code split project coordinates}, with {@code
 * #} before comments; split is train, valid or test. A project lies in one split only.
 */
public final class SourceList {
  private static final long MAX_BYTES = 4 << 20;
  private static final Pattern PROJECT = Pattern.compile("[a-z0-9][a-z0-9.-]{0,63}");

  private final String name;
  private final List<Source> sources;

  record Source(Split split, String project, Coordinates coordinates) {}

  private SourceList(String name, List<Source> sources) {
    this.name = name;
    this.sources = List.copyOf(sources);
  }

  /** The list that comes with Hadal. */
  public static SourceList bundled() {
    String name = "sources.txt";
    try (InputStream in = SourceList.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException(name + " is missing from the build");
      }
      return parse(new String(in.readAllBytes(), StandardCharsets.UTF_8), "bundled " + name);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Reads a list from a file. */
  public static SourceList read(Path file) throws IOException {
    if (Files.size(file) > MAX_BYTES) {
      throw new FormatException(file.toString(), "is longer than " + MAX_BYTES + " bytes");
    }
    return parse(new String(Files.readAllBytes(file), StandardCharsets.UTF_8), file.toString());
  }

  /** Reads a list from text; {@code name} is for error messages. */
  public static SourceList parse(String text, String name) {
    List<Source> sources = new ArrayList<>();
    Map<String, Split> projects = new HashMap<>();
    Set<Coordinates> seen = new HashSet<>();
    int number = 0;
    for (String line : text.lines().toList()) {
      number++;
      String content = line.replaceFirst("#.*", "").strip();
      if (content.isEmpty()) {
        continue;
      }
      String where = name + " line " + number;
      String[] fields = content.split("\\s+", -1);
      if (fields.length != 3) {
        throw new FormatException(where, "needs three fields: split project coordinates");
      }
      Split split = split(fields[0], where);
      String project = fields[1];
      if (!PROJECT.matcher(project).matches()) {
        throw new FormatException(
            where, "project '" + project + "' is not of small letters, digits, dots and dashes");
      }
      Split other = projects.putIfAbsent(project, split);
      if (other != null && other != split) {
        throw new FormatException(where, "project " + project + " is also in " + other.folder());
      }
      Coordinates coordinates = Coordinates.parse(fields[2], where);
      if (!seen.add(coordinates)) {
        throw new FormatException(where, coordinates + " is listed twice");
      }
      sources.add(new Source(split, project, coordinates));
    }
    if (sources.isEmpty()) {
      throw new FormatException(name, "lists no artifacts");
    }
    return new SourceList(name, sources);
  }

  private static Split split(String text, String where) {
    return switch (text) {
      case "train" -> Split.TRAIN;
      case "valid" -> Split.VALID;
      case "test" -> Split.TEST;
      default ->
          throw new FormatException(where, "split '" + text + "' is not train, valid or test");
    };
  }

  String name() {
    return name;
  }

  List<Source> sources() {
    return sources;
  }
}
