package io.hadal.train.corpus;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.formats.prompt.SpecialTokens;
import io.hadal.formats.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes a corpus as token ids.
 *
 * <p>Per split a folder with {@code tokens.bin}, the ids as little-endian u16 (u32 when the
 * vocabulary has more than 65,536), and {@code documents.bin}, the start of each sample in tokens
 * and at the end the total, as little-endian int64. Beside them {@code token_bytes.bin}, for each
 * id the number of bytes of text it stands for (u16, 0 for added tokens), the tokenizer, and {@code
 * meta.json}, which is written last. Samples of one project follow each other, in import order.
 *
 * <p>The work is done project by project; what a killed run has finished is used again.
 */
public final class CorpusEncoder {
  /** Changes whenever the same input would give other tokens. */
  private static final int VERSION = 1;

  private static final long MAX_JSON = 64 << 20;
  private static final int BUFFER = 1 << 20;

  private final Corpus corpus;
  private final EncodingOptions options;
  private final Path folder;
  private final Path work;
  private final Progress progress;
  private final Tokenizer tokenizer;
  private final SampleEncoder samples;
  private final String recipe;
  private final boolean wide;
  private final int[] textBytes;

  private CorpusEncoder(
      Corpus corpus, Path tokenizerJson, Path folder, EncodingOptions options, Progress progress)
      throws IOException {
    this.corpus = corpus;
    this.options = options;
    this.folder = folder;
    this.work = folder.resolve("work");
    this.progress = progress;
    this.tokenizer = Tokenizer.fromJson(tokenizerJson);
    this.samples = new SampleEncoder(tokenizer, tokenizerJson.toString(), options);
    this.wide = tokenizer.vocabSize() > 1 << 16;
    this.textBytes = textBytes(tokenizer);
    this.recipe =
        String.format(
            Locale.ROOT,
            "%d %s %s %s %s %d %s %s %d",
            VERSION,
            Extraction.sha256(tokenizerJson),
            options.fimRate(),
            options.spmShare(),
            options.shortShare(),
            options.fimWindow(),
            options.nameRate(),
            mixText(),
            options.seed());
  }

  /**
   * Encodes all splits.
   *
   * @param tokenizerJson a {@code tokenizer.json} with BOS, EOS and, if asked for, fill-in tokens
   * @param folder where the tokens go; made when absent
   * @return what there is now, for people
   */
  public static String encode(
      Corpus corpus, Path tokenizerJson, Path folder, EncodingOptions options, Progress progress)
      throws IOException, InterruptedException {
    return new CorpusEncoder(corpus, tokenizerJson, folder, options, progress).run(tokenizerJson);
  }

  /** Languages in their own order: a map has none. */
  private String mixText() {
    StringBuilder text = new StringBuilder();
    for (Language language : Language.values()) {
      text.append(language.label()).append('=').append(options.repeats(language)).append(',');
    }
    return text.toString();
  }

  private record Piece(Path tokens, Path documents, long tokenCount, long samples, long bytes) {}

  private String run(Path tokenizerJson) throws IOException, InterruptedException {
    Files.createDirectories(work);
    Files.deleteIfExists(folder.resolve(EncodedCorpus.META));
    ObjectNode meta = JsonMapper.shared().createObjectNode();
    meta.put("format", EncodedCorpus.FORMAT);
    meta.put("dtype", wide ? "u32" : "u16");
    meta.put("vocab_size", tokenizer.vocabSize());
    putId(meta, "bos_id", SpecialTokens.BOS);
    putId(meta, "eos_id", SpecialTokens.EOS);
    meta.put("tokenizer_sha256", Extraction.sha256(tokenizerJson));
    meta.putObject("options")
        .put("fim_rate", options.fimRate())
        .put("spm_share", options.spmShare())
        .put("short_holes", options.shortShare())
        .put("fim_window", options.fimWindow())
        .put("name_rate", options.nameRate())
        .put("mix", mixText())
        .put("seed", options.seed());
    ObjectNode splits = meta.putObject("splits");
    StringBuilder report = new StringBuilder();
    try (OrderedPool pool = new OrderedPool(options.threads())) {
      for (Split split : Split.values()) {
        encode(split, pool, splits.putObject(split.folder()), report);
      }
    }
    AtomicFiles.write(folder.resolve(EncodedCorpus.TOKEN_BYTES), tokenBytes());
    for (String name : List.of("tokenizer.json", "tokenizer_config.json")) {
      Path file = tokenizerJson.resolveSibling(name);
      if (name.equals("tokenizer.json") || Files.exists(file)) {
        Path original = name.equals("tokenizer.json") ? tokenizerJson : file;
        AtomicFiles.write(folder.resolve(name), Files.readAllBytes(original));
      }
    }
    AtomicFiles.write(
        folder.resolve(EncodedCorpus.META),
        JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsBytes(meta));
    AtomicFiles.deleteTree(work);
    return report.toString();
  }

  private void putId(ObjectNode meta, String name, String token) {
    tokenizer.id(token).ifPresent(id -> meta.put(name, id));
  }

  private void encode(Split split, OrderedPool pool, ObjectNode node, StringBuilder report)
      throws IOException, InterruptedException {
    Corpus.Part part = corpus.part(split);
    int passes = 1;
    if (split == Split.TRAIN) {
      for (Language language : Language.values()) {
        passes = Math.max(passes, (int) Math.ceil(options.repeats(language)));
      }
    }
    progress.stage("encoding " + split.folder(), part.bytes() * passes);
    List<Piece> pieces = new ArrayList<>();
    for (int pass = 0; pass < passes; pass++) {
      for (Path file : part.files()) {
        pieces.add(piece(split, file, pass, pool));
      }
    }
    long tokens = pieces.stream().mapToLong(Piece::tokenCount).sum();
    long count = pieces.stream().mapToLong(Piece::samples).sum();
    long bytes = pieces.stream().mapToLong(Piece::bytes).sum();
    Path target = Files.createDirectories(folder.resolve(split.folder()));
    Path tokenFile = target.resolve(EncodedCorpus.TOKENS);
    Path documentFile = target.resolve(EncodedCorpus.DOCUMENTS);
    concatenate(pieces, tokenFile);
    concatenateStarts(pieces, documentFile, count, tokens);
    node.put("tokens", tokens).put("documents", count).put("text_bytes", bytes);
    node.put("tokens_sha256", Extraction.sha256(tokenFile));
    node.put("documents_sha256", Extraction.sha256(documentFile));
    report.append(
        String.format(
            Locale.ROOT,
            "%-8s %11d tokens %8d samples %9.1f MB %6.3f bytes per token%n",
            split.folder(),
            tokens,
            count,
            bytes / 1e6,
            tokens == 0 ? 0.0 : (double) bytes / tokens));
  }

  /** Encodes one file once, or finds that done. */
  private Piece piece(Split split, Path file, int pass, OrderedPool pool)
      throws IOException, InterruptedException {
    String name = split.folder() + "-" + pass + "-" + file.getFileName();
    Path tokens = work.resolve(name + ".tokens");
    Path documents = work.resolve(name + ".documents");
    Path marker = work.resolve(name + ".json");
    String key = recipe + " " + Extraction.sha256(file);
    if (Files.exists(marker)) {
      JsonNode known = Json.parse(marker, MAX_JSON);
      // A run that was killed while it cleaned up may have left the marker alone.
      if (known.path("recipe").asString("").equals(key)
          && Files.exists(tokens)
          && Files.exists(documents)) {
        return new Piece(
            tokens,
            documents,
            known.path("tokens").asLong(0),
            known.path("documents").asLong(0),
            known.path("text_bytes").asLong(0));
      }
    }
    Files.deleteIfExists(marker);
    long[] totals = new long[3];
    Path temporaryTokens = AtomicFiles.temporary(tokens);
    Path temporaryDocuments = AtomicFiles.temporary(documents);
    try (LittleEndianFile ids = new LittleEndianFile(temporaryTokens);
        LittleEndianFile starts = new LittleEndianFile(temporaryDocuments);
        DocumentReader reader = Corpus.read(file)) {
      pool.map(
          reader,
          document -> new Encoded(samplesOf(document, split, pass), document.utf8Length()),
          encoded -> {
            progress.advance(encoded.bytes);
            for (int[] sample : encoded.samples) {
              starts.putLong(totals[0]);
              for (int id : sample) {
                ids.putId(id, wide);
                totals[2] += textBytes[id];
              }
              totals[0] += sample.length;
              totals[1]++;
            }
          });
    }
    AtomicFiles.publish(temporaryTokens, tokens);
    AtomicFiles.publish(temporaryDocuments, documents);
    ObjectNode node = JsonMapper.shared().createObjectNode();
    node.put("recipe", key).put("tokens", totals[0]).put("documents", totals[1]);
    node.put("text_bytes", totals[2]);
    AtomicFiles.write(marker, node.toString().getBytes(StandardCharsets.UTF_8));
    return new Piece(tokens, documents, totals[0], totals[1], totals[2]);
  }

  private record Encoded(List<int[]> samples, int bytes) {}

  private List<int[]> samplesOf(Document document, Split split, int pass) {
    if (split != Split.TRAIN) {
      return List.of(samples.plain(document));
    }
    double left = options.repeats(document.language()) - pass;
    boolean taken = left >= 1 || document.sample(options.seed() + pass) < left;
    return taken ? samples.training(document, pass) : List.of();
  }

  /** Bytes of text that each id stands for; added tokens are no text. */
  static int[] textBytes(Tokenizer tokenizer) {
    int[] table = new int[tokenizer.vocabSize()];
    for (int id = 0; id < table.length; id++) {
      table[id] = tokenizer.isAdded(id) ? 0 : tokenizer.tokenBytes(id).length;
      if (table[id] > 0xFFFF) {
        throw new FormatException("tokenizer", "token " + id + " has " + table[id] + " bytes");
      }
    }
    return table;
  }

  private byte[] tokenBytes() {
    ByteBuffer table = ByteBuffer.allocate(2 * textBytes.length).order(ByteOrder.LITTLE_ENDIAN);
    for (int bytes : textBytes) {
      table.putShort((short) bytes);
    }
    return table.array();
  }

  private static void concatenate(List<Piece> pieces, Path file) throws IOException {
    Path temporary = AtomicFiles.temporary(file);
    try (FileChannel out = create(temporary)) {
      for (Piece piece : pieces) {
        try (FileChannel in = FileChannel.open(piece.tokens)) {
          for (long at = 0; at < in.size(); ) {
            at += in.transferTo(at, in.size() - at, out);
          }
        }
      }
    }
    AtomicFiles.publish(temporary, file);
  }

  private static void concatenateStarts(List<Piece> pieces, Path file, long count, long tokens)
      throws IOException {
    Path temporary = AtomicFiles.temporary(file);
    try (LittleEndianFile out = new LittleEndianFile(temporary)) {
      long base = 0;
      for (Piece piece : pieces) {
        try (FileChannel in = FileChannel.open(piece.documents)) {
          ByteBuffer buffer = ByteBuffer.allocate(BUFFER).order(ByteOrder.LITTLE_ENDIAN);
          while (in.read(buffer) >= 0 || buffer.position() > 0) {
            buffer.flip();
            while (buffer.remaining() >= Long.BYTES) {
              out.putLong(base + buffer.getLong());
            }
            buffer.compact();
          }
        }
        base += piece.tokenCount;
      }
      out.putLong(tokens);
    }
    if (Files.size(temporary) != (count + 1) * Long.BYTES) {
      throw new FormatException(
          file.toString(), "does not fit the pieces in the work folder; delete that and repeat");
    }
    AtomicFiles.publish(temporary, file);
  }

  private static FileChannel create(Path file) throws IOException {
    return FileChannel.open(
        file,
        StandardOpenOption.CREATE,
        StandardOpenOption.TRUNCATE_EXISTING,
        StandardOpenOption.WRITE);
  }
}
