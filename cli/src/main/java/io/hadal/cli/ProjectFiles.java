package io.hadal.cli;

import io.hadal.train.corpus.Imports;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The files that an open file is likely to repeat: its neighbours in the folder, then what it
 * imports from the same root of sources or from that of the main code.
 */
final class ProjectFiles {
  private static final int MAX_FILES = 200;
  private static final long MAX_BYTES = 2 << 20;
  private static final long MAX_FILE = 256 << 10;

  private ProjectFiles() {}

  /** Texts of the files, least related first; what cannot be read is left out. */
  static List<String> around(Path file, String text) throws IOException {
    Path self = file.toAbsolutePath().normalize();
    Set<Path> paths = new LinkedHashSet<>(siblings(self));
    Path root = root(self, Imports.folder(text));
    if (root != null) {
      for (String path : Imports.paths(text)) {
        for (Path r : roots(root)) {
          Path imported = r.resolve(path);
          if (Files.isRegularFile(imported)) {
            paths.remove(imported);
            paths.add(imported);
          }
        }
      }
    }
    paths.remove(self);
    List<String> texts = new ArrayList<>();
    long bytes = 0;
    for (Path path : paths) {
      long size = Files.size(path);
      if (size > MAX_FILE || bytes + size > MAX_BYTES) {
        continue;
      }
      bytes += size;
      try {
        texts.add(Files.readString(path));
      } catch (IOException e) {
        // Gone, locked or no text: the memory works with what there is.
        continue;
      }
    }
    return texts;
  }

  private static List<Path> siblings(Path self) throws IOException {
    String name = self.getFileName().toString();
    int dot = name.lastIndexOf('.');
    List<Path> found = new ArrayList<>();
    Path folder = self.getParent();
    if (dot < 0 || folder == null) {
      return found;
    }
    String ending = name.substring(dot);
    try (DirectoryStream<Path> entries =
        Files.newDirectoryStream(
            folder, p -> p.toString().endsWith(ending) && Files.isRegularFile(p))) {
      for (Path p : entries) {
        found.add(p);
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    found.sort(null);
    return found.subList(0, Math.min(found.size(), MAX_FILES));
  }

  /** Folder that a package begins in; null when file and package do not agree. */
  private static @Nullable Path root(Path self, String folder) {
    Path parent = self.getParent();
    if (parent == null || folder.isEmpty() || !parent.endsWith(folder)) {
      return null;
    }
    Path root = parent;
    for (int i = Path.of(folder).getNameCount(); i > 0 && root != null; i--) {
      root = root.getParent();
    }
    return root;
  }

  /** A root of sources, and for tests that of the code under test. */
  private static List<Path> roots(Path root) {
    Path tests = Path.of("src", "test", "java");
    if (!root.endsWith(tests)) {
      return List.of(root);
    }
    return List.of(root, root.resolve("../../main/java").normalize());
  }
}
