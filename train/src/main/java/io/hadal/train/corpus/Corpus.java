package io.hadal.train.corpus;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** A finished corpus: a folder with {@code manifest.json} and a folder of JSONL files per split. */
public final class Corpus {
  static final String FORMAT = "hadal-corpus-1";
  static final String MANIFEST = "manifest.json";
  private static final long MAX_BYTES = 64 << 20;

  private final Path folder;
  private final JsonNode manifest;

  private Corpus(Path folder, JsonNode manifest) {
    this.folder = folder;
    this.manifest = manifest;
  }

  /**
   * The files of a split in the order of the corpus, one per project.
   *
   * @param bytes length of all texts in UTF-8
   */
  public record Part(List<Path> files, long documents, long bytes) {}

  /**
   * Opens a corpus that {@code hadal corpus build} has finished.
   *
   * @throws FormatException if the manifest is broken
   */
  public static Corpus open(Path folder) throws IOException {
    Path file = folder.resolve(MANIFEST);
    if (!Files.exists(file)) {
      throw new NoSuchFileException(file.toString());
    }
    JsonNode manifest = Json.parse(file, MAX_BYTES);
    if (!manifest.path("format").asString("").equals(FORMAT)) {
      throw new FormatException(file.toString(), "format is not " + FORMAT);
    }
    return new Corpus(folder, manifest);
  }

  /** Where the corpus lies. */
  public Path folder() {
    return folder;
  }

  /** The files of a split. */
  public Part part(Split split) {
    String source = folder.resolve(MANIFEST).toString();
    JsonNode part = manifest.path("splits").path(split.folder());
    JsonNode names = part.path("files");
    if (!names.isArray()) {
      throw new FormatException(source, "splits." + split.folder() + ".files is missing");
    }
    List<Path> files = new ArrayList<>();
    for (JsonNode entry : names) {
      String name = entry.path("name").asString("");
      if (!name.matches("[a-z0-9][a-z0-9.-]*\\.jsonl")) {
        throw new FormatException(source, "'" + name + "' is no name of a corpus file");
      }
      files.add(folder.resolve(split.folder()).resolve(name));
    }
    return new Part(files, part.path("documents").asLong(0), part.path("bytes").asLong(0));
  }

  /** The documents of one file. */
  public static DocumentReader read(Path file) throws IOException {
    return new DocumentReader(file);
  }
}
