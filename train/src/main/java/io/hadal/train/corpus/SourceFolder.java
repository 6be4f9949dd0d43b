package io.hadal.train.corpus;

import io.hadal.formats.FormatException;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The source files of a working copy, chosen and cleaned as those of a corpus. Hidden folders, what
 * package managers have fetched and what builds have made are passed over. A licence is not asked
 * for: the files are the user's own.
 */
public final class SourceFolder {
  private static final Set<String> FETCHED =
      Set.of("node_modules", "__pycache__", "venv", "site-packages");

  /** Folders of build results; below a source folder these are ordinary names. */
  private static final Set<String> BUILT = Set.of("target", "build", "out", "dist", "bin");

  private static final String SOURCES = "src";

  private SourceFolder() {}

  /**
   * What a folder holds.
   *
   * @param documents in the order of their paths
   * @param leftOut number of source files that were left out, by reason
   */
  public record Content(List<Document> documents, Map<String, Integer> leftOut) {}

  /**
   * Reads a folder.
   *
   * @param maxFileBytes largest file
   * @throws FormatException when it is no folder
   */
  public static Content read(Path folder, int maxFileBytes) throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new FormatException(folder.toString(), "is no folder");
    }
    Path root = folder.toRealPath();
    String project = String.valueOf(root.getFileName());
    Map<String, Path> files = files(root);
    TextFilter filter = new TextFilter(maxFileBytes, true);
    List<Document> documents = new ArrayList<>();
    Map<String, Integer> leftOut = new TreeMap<>();
    for (Map.Entry<String, Path> file : files.entrySet()) {
      Language language = Language.ofFile(file.getKey());
      if (language == null) {
        continue;
      }
      boolean large = Files.size(file.getValue()) > maxFileBytes;
      byte[] content = large ? new byte[maxFileBytes + 1] : Files.readAllBytes(file.getValue());
      TextFilter.Verdict verdict = filter.apply(content, language);
      if (verdict.text() != null) {
        documents.add(new Document(file.getKey(), project, "", "", language, verdict.text()));
      } else if (verdict.rejection() != null) {
        leftOut.merge(verdict.rejection().meaning(), 1, Integer::sum);
      }
    }
    return new Content(documents, leftOut);
  }

  /** Files by their paths with slashes, in the order of these. */
  private static Map<String, Path> files(Path root) throws IOException {
    Map<String, Path> files = new TreeMap<>();
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
            return folder.equals(root) || isOwn(root.relativize(folder))
                ? FileVisitResult.CONTINUE
                : FileVisitResult.SKIP_SUBTREE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (attributes.isRegularFile()) {
              files.put(slashes(root.relativize(file)), file);
            }
            return FileVisitResult.CONTINUE;
          }
        });
    return files;
  }

  private static boolean isOwn(Path relative) {
    String name = String.valueOf(relative.getFileName());
    if (name.startsWith(".") || FETCHED.contains(name)) {
      return false;
    }
    return !BUILT.contains(name) || isBelowSources(relative.getParent());
  }

  private static boolean isBelowSources(@Nullable Path relative) {
    if (relative != null) {
      for (Path part : relative) {
        if (part.toString().equals(SOURCES)) {
          return true;
        }
      }
    }
    return false;
  }

  private static String slashes(Path relative) {
    List<String> parts = new ArrayList<>();
    relative.forEach(part -> parts.add(part.toString()));
    return String.join("/", parts);
  }
}
