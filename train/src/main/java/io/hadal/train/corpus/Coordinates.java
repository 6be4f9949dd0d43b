package io.hadal.train.corpus;

import io.hadal.formats.FormatException;
import java.util.regex.Pattern;

/**
 * An artifact of a Maven repository.
 *
 * @param classifier {@code sources} for a source jar, empty for the main artifact
 * @param extension {@code jar} or {@code pom}
 */
record Coordinates(
    String group, String artifact, String version, String classifier, String extension) {
  private static final Pattern PART = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.+-]{0,199}");

  /**
   * Reads {@code group:artifact:version}, a source jar, or {@code group:artifact:version:jar}, the
   * main artifact.
   */
  static Coordinates parse(String text, String source) {
    String[] parts = text.split(":", -1);
    boolean main = parts.length == 4 && parts[3].equals("jar");
    if (parts.length != 3 && !main) {
      throw new FormatException(
          source,
          "'" + text + "' is neither group:artifact:version nor group:artifact:version:jar");
    }
    for (String part : parts) {
      // The parts become names of files.
      if (!PART.matcher(part).matches() || part.contains("..")) {
        throw new FormatException(source, "'" + text + "' has an impossible part '" + part + "'");
      }
    }
    return new Coordinates(parts[0], parts[1], parts[2], main ? "" : "sources", "jar");
  }

  /** The pom of this artifact. */
  Coordinates pom() {
    return new Coordinates(group, artifact, version, "", "pom");
  }

  /** A file name that no other artifact has. */
  String fileName() {
    String suffix = classifier.isEmpty() ? "" : "-" + classifier;
    return group + "_" + artifact + "_" + version + suffix + "." + extension;
  }

  @Override
  public String toString() {
    return group + ":" + artifact + ":" + version + (isSourceJar() ? "" : ":" + extension);
  }

  private boolean isSourceJar() {
    return classifier.equals("sources");
  }
}
