package io.hadal.formats.weights;

import io.hadal.formats.FormatException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A folder with weight files. Files named by its content must lie inside it, also after following
 * symbolic links; the one exception are links of a hub cache, whose snapshots ({@code
 * snapshots/<revision>/}) point to {@code blobs/} beside them.
 */
record ModelFolder(Path path, Path real, @Nullable Path blobs) {
  private static final int MAX_FILES = 100_000;

  /**
   * The folder at a path.
   *
   * @throws FormatException when it cannot be resolved
   */
  static ModelFolder at(Path path) {
    try {
      Path real = path.toRealPath();
      return new ModelFolder(path, real, blobsBeside(real.getParent()));
    } catch (IOException e) {
      throw new FormatException(path.toString(), "cannot be resolved: " + e.getMessage(), e);
    }
  }

  private static @Nullable Path blobsBeside(@Nullable Path snapshots) {
    return snapshots != null && snapshots.endsWith("snapshots")
        ? snapshots.resolveSibling("blobs")
        : null;
  }

  /**
   * The existing file of that relative name.
   *
   * @param origin what named the file, for messages
   * @throws FormatException when the name leaves the folder or no such file exists
   */
  Path resolve(String name, String origin) {
    Path relative;
    try {
      relative = Path.of(name);
    } catch (InvalidPathException e) {
      throw new FormatException(origin, Quoted.of(name) + " is no valid file name", e);
    }
    boolean leaves = name.isEmpty() || name.indexOf('\\') >= 0 || relative.isAbsolute();
    for (Path part : relative) {
      leaves |= part.toString().equals("..");
    }
    if (leaves) {
      throw new FormatException(
          origin, "file " + Quoted.of(name) + " must be a relative path inside " + path);
    }
    Path file = path.resolve(relative);
    if (!Files.exists(file)) {
      throw new FormatException(
          origin, "file " + Quoted.of(name) + " is missing in " + path + "; fetch it");
    }
    Path target;
    try {
      target = file.toRealPath();
    } catch (IOException e) {
      throw new FormatException(origin, Quoted.of(name) + " cannot be resolved", e);
    }
    if (!target.startsWith(real) && (blobs == null || !target.startsWith(blobs))) {
      throw new FormatException(
          origin, "file " + Quoted.of(name) + " is a link that leads out of " + path);
    }
    return file;
  }

  /** Names of the visible files with that ending, sorted. */
  List<String> filesEndingWith(String suffix) {
    List<String> names = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(path)) {
      for (Path entry : entries) {
        String name = String.valueOf(entry.getFileName());
        // Names with a leading dot are temporary or resource-fork files.
        if (name.endsWith(suffix) && !name.startsWith(".")) {
          names.add(name);
          if (names.size() > MAX_FILES) {
            throw new FormatException(
                path.toString(), "holds more than " + MAX_FILES + " files *" + suffix);
          }
        }
      }
    } catch (IOException e) {
      throw new FormatException(path.toString(), "cannot be listed: " + e.getMessage(), e);
    }
    names.sort(null);
    return names;
  }
}
