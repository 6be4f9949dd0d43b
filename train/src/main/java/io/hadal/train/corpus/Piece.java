package io.hadal.train.corpus;

import io.hadal.formats.AtomicFiles;
import io.hadal.formats.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Finished samples of one project in the work folder: ids, starts of the samples and, where not
 * everything is learnt, a mark for each token.
 *
 * @param targets null when all tokens are learnt
 * @param bytes of text that the tokens stand for
 */
record Piece(
    Path tokens,
    Path documents,
    @Nullable Path targets,
    long tokenCount,
    long samples,
    long bytes) {
  private static final long MAX_JSON = 1 << 20;

  /** Takes samples in order. */
  @FunctionalInterface
  interface Sink {
    void accept(Sample sample);
  }

  /** Makes the samples of a piece. */
  @FunctionalInterface
  interface Source {
    void write(Sink sink) throws IOException, InterruptedException;
  }

  /**
   * Makes a piece, or finds it done.
   *
   * @param key text that changes whenever the samples would be others
   * @param marked whether some tokens are not to be learnt
   */
  static Piece of(
      Path work,
      String name,
      String key,
      boolean wide,
      int[] textBytes,
      boolean marked,
      Source source)
      throws IOException, InterruptedException {
    Path tokens = work.resolve(name + ".tokens");
    Path documents = work.resolve(name + ".documents");
    Path targets = marked ? work.resolve(name + ".targets") : null;
    Path marker = work.resolve(name + ".json");
    if (Files.exists(marker)) {
      JsonNode known = Json.parse(marker, MAX_JSON);
      // A run that was killed while it cleaned up may have left the marker alone.
      if (known.path("recipe").asString("").equals(key)
          && Files.exists(tokens)
          && Files.exists(documents)
          && (targets == null || Files.exists(targets))) {
        return new Piece(
            tokens,
            documents,
            targets,
            known.path("tokens").asLong(0),
            known.path("documents").asLong(0),
            known.path("text_bytes").asLong(0));
      }
    }
    Files.deleteIfExists(marker);
    long[] totals = new long[3];
    Path temporaryMarks = AtomicFiles.temporary(targets == null ? marker : targets);
    try (LittleEndianFile ids = new LittleEndianFile(AtomicFiles.temporary(tokens));
        LittleEndianFile starts = new LittleEndianFile(AtomicFiles.temporary(documents));
        LittleEndianFile marks = targets == null ? null : new LittleEndianFile(temporaryMarks)) {
      source.write(
          sample -> {
            starts.putLong(totals[0]);
            for (int i = 0; i < sample.length(); i++) {
              ids.putId(sample.ids()[i], wide);
              totals[2] += textBytes[sample.ids()[i]];
              if (marks != null) {
                marks.putByte(sample.targets()[i] ? 1 : 0);
              }
            }
            totals[0] += sample.length();
            totals[1]++;
          });
    }
    AtomicFiles.publish(AtomicFiles.temporary(tokens), tokens);
    AtomicFiles.publish(AtomicFiles.temporary(documents), documents);
    if (targets != null) {
      AtomicFiles.publish(temporaryMarks, targets);
    }
    ObjectNode node = JsonMapper.shared().createObjectNode();
    node.put("recipe", key).put("tokens", totals[0]).put("documents", totals[1]);
    node.put("text_bytes", totals[2]);
    AtomicFiles.write(marker, node.toString().getBytes(StandardCharsets.UTF_8));
    return new Piece(tokens, documents, targets, totals[0], totals[1], totals[2]);
  }
}
