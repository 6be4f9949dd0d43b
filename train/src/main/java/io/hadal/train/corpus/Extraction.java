package io.hadal.train.corpus;

import io.hadal.formats.AtomicFiles;
import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The cleaned source files of one artifact, as JSONL with a marker file beside it. The marker is
 * written last and names everything the documents depend on; a later build uses them again.
 *
 * @param sha256 of the artifact
 */
record Extraction(Path documents, String sha256, Tally tally) {
  private static final long MAX_MARKER_BYTES = 1 << 20;

  /** More entries than any source jar has. */
  private static final int MAX_ENTRIES = 200_000;

  /**
   * Extracts an artifact, or finds that done.
   *
   * @param licence SPDX identifier for the documents
   * @param maxBytes largest file
   * @throws FormatException if the artifact is no readable jar
   */
  static Extraction of(
      Path jar, SourceList.Source source, String licence, int maxBytes, Path folder)
      throws IOException {
    String name = source.coordinates().fileName();
    Path documents = folder.resolve(name + ".jsonl");
    Path marker = folder.resolve(name + ".json");
    String sha256 = sha256(jar);
    String recipe =
        "%d %d %s %s %s".formatted(TextFilter.VERSION, maxBytes, sha256, source.project(), licence);
    if (Files.exists(marker) && Files.exists(documents)) {
      JsonNode known = Json.parse(marker, MAX_MARKER_BYTES);
      if (known.path("recipe").asString("").equals(recipe)) {
        return new Extraction(documents, sha256, Tally.fromJson(known.path("tally")));
      }
    }
    Files.deleteIfExists(marker);
    Tally tally = new Tally();
    Path temporary = AtomicFiles.temporary(documents);
    try (ZipFile zip = new ZipFile(jar.toFile());
        BufferedWriter out = Files.newBufferedWriter(temporary)) {
      extract(zip, source, licence, maxBytes, out, tally);
    } catch (ZipException e) {
      throw new FormatException(jar.toString(), "is no readable jar: " + e.getMessage(), e);
    }
    AtomicFiles.publish(temporary, documents);
    ObjectNode node = JsonMapper.shared().createObjectNode();
    node.put("recipe", recipe).set("tally", tally.toJson());
    AtomicFiles.write(marker, node.toString().getBytes(StandardCharsets.UTF_8));
    return new Extraction(documents, sha256, tally);
  }

  private static void extract(
      ZipFile zip,
      SourceList.Source source,
      String licence,
      int maxBytes,
      BufferedWriter out,
      Tally tally)
      throws IOException {
    if (zip.size() > MAX_ENTRIES) {
      throw new ZipException(zip.size() + " entries, more than " + MAX_ENTRIES);
    }
    TextFilter filter = new TextFilter(maxBytes);
    List<? extends ZipEntry> entries =
        zip.stream().sorted(Comparator.comparing(ZipEntry::getName)).toList();
    String last = "";
    for (ZipEntry entry : entries) {
      String path = entry.getName();
      Language language = Language.ofFile(path);
      if (entry.isDirectory()
          || language == null
          || path.equals(last)
          || path.startsWith("META-INF/versions/")) {
        continue;
      }
      last = path;
      tally.file();
      byte[] content;
      try (InputStream in = zip.getInputStream(entry)) {
        // The size that the entry states may be a lie.
        content = in.readNBytes(maxBytes + 1);
      }
      TextFilter.Verdict verdict = filter.apply(content, language);
      if (verdict.rejection() != null) {
        tally.reject(verdict.rejection());
      } else if (verdict.text() != null) {
        Document document =
            new Document(
                path,
                source.project(),
                source.coordinates().toString(),
                licence,
                language,
                verdict.text());
        out.write(document.toJson());
        out.write('\n');
        tally.document(document.utf8Length());
      }
    }
  }

  static String sha256(Path file) throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
        byte[] buffer = new byte[1 << 16];
        while (in.read(buffer) >= 0) {
          // The stream updates the digest.
        }
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
