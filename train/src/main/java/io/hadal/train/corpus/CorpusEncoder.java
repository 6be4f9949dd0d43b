package io.hadal.train.corpus;

import io.hadal.formats.AtomicFiles;
import io.hadal.formats.FormatException;
import io.hadal.formats.prompt.SpecialTokens;
import io.hadal.formats.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes a corpus as token ids.
 *
 * <p>Per split a folder with {@code tokens.bin}, the ids as little-endian u16 (u32 when the
 * vocabulary has more than 65,536), and {@code documents.bin}, the start of each sample in tokens
 * and at the end the total, as little-endian int64. Beside them {@code token_bytes.bin}, for each
 * id the number of bytes of text it stands for (u16, 0 for added tokens), the tokenizer, and {@code
 * meta.json}, which is written last. Samples of one project follow each other, in import order. A
 * training split with exercises has {@code targets.bin} as well: a byte per token, 0 for what is
 * not learnt.
 *
 * <p>The work is done project by project; what a killed run has finished is used again.
 */
public final class CorpusEncoder {
  /** Changes whenever the same input would give other tokens. */
  private static final int VERSION = 1;

  private final Corpus corpus;
  private final EncodingOptions options;
  private final @Nullable Mixing mixing;
  private final Path folder;
  private final Path work;
  private final Progress progress;
  private final Tokenizer tokenizer;
  private final SampleEncoder samples;
  private final String recipe;
  private final boolean wide;
  private final int[] textBytes;

  private CorpusEncoder(
      Corpus corpus,
      Path tokenizerJson,
      Path folder,
      EncodingOptions options,
      @Nullable Mixing mixing,
      Progress progress)
      throws IOException {
    this.corpus = corpus;
    this.options = options;
    this.mixing = mixing;
    this.folder = folder;
    this.work = folder.resolve("work");
    this.progress = progress;
    this.tokenizer = Tokenizer.fromJson(tokenizerJson);
    this.samples = new SampleEncoder(tokenizer, tokenizerJson.toString(), options);
    if (mixing != null) {
      samples.require(mixing.mix());
    }
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
    return new CorpusEncoder(corpus, tokenizerJson, folder, options, null, progress)
        .run(tokenizerJson);
  }

  /**
   * Encodes all splits, the training split in the shares of a mix.
   *
   * @param tasks makes the exercises
   * @return what there is now, for people
   */
  public static String encode(
      Corpus corpus,
      Path tokenizerJson,
      Path folder,
      EncodingOptions options,
      TrainingMix mix,
      TaskSource tasks,
      Progress progress)
      throws IOException, InterruptedException {
    return new CorpusEncoder(
            corpus, tokenizerJson, folder, options, new Mixing(mix, tasks), progress)
        .run(tokenizerJson);
  }

  /** What the training split is mixed from. */
  private record Mixing(TrainingMix mix, TaskSource tasks) {}

  /** Languages in their own order: a map has none. */
  private String mixText() {
    StringBuilder text = new StringBuilder();
    for (Language language : Language.values()) {
      text.append(language.label()).append('=').append(options.repeats(language)).append(',');
    }
    return text.toString();
  }

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
    if (mixing != null) {
      TrainingMix mix = mixing.mix();
      ObjectNode node = meta.putObject("mix");
      node.put("tokens", mix.tokens()).put("max_repeats", mix.maxRepeats());
      node.put("pack_tokens", mix.packTokens()).put("comment_share", mix.commentShare());
      node.put("tasks_per_project", mix.tasksPerProject());
      ObjectNode shares = node.putObject("shares");
      for (TrainingPart part : TrainingPart.values()) {
        shares.put(part.label(), mix.share(part));
      }
    }
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
    Mixing mixed = split == Split.TRAIN ? mixing : null;
    boolean marked = mixed != null && mixed.mix().share(TrainingPart.SYNTHETIC) > 0;
    StringBuilder parts = new StringBuilder();
    Path target = folder.resolve(split.folder());
    try (SplitWriter out = new SplitWriter(target, wide, textBytes, marked)) {
      if (mixed == null) {
        plain(split, pool, out);
      } else {
        mix(mixed, pool, out, node, parts);
      }
      out.publish();
      node.put("tokens", out.tokens()).put("documents", out.documents());
      node.put("text_bytes", out.bytes());
      node.put("tokens_sha256", Extraction.sha256(out.tokenFile()));
      node.put("documents_sha256", Extraction.sha256(out.documentFile()));
      report.append(
          String.format(
              Locale.ROOT,
              "%-8s %11d tokens %8d samples %9.1f MB %6.3f bytes per token%n%s",
              split.folder(),
              out.tokens(),
              out.documents(),
              out.bytes() / 1e6,
              out.tokens() == 0 ? 0.0 : (double) out.bytes() / out.tokens(),
              parts));
    }
  }

  private void plain(Split split, OrderedPool pool, SplitWriter out)
      throws IOException, InterruptedException {
    Corpus.Part part = corpus.part(split);
    int passes = split == Split.TRAIN ? options.passes() : 1;
    progress.stage("encoding " + split.folder(), part.bytes() * passes);
    SplitWriter.Taking all = new SplitWriter.Taking(1);
    for (int pass = 0; pass < passes; pass++) {
      for (Path file : part.files()) {
        out.add(piece(split, file, pass, pool), all);
      }
    }
  }

  private void mix(
      Mixing mixed, OrderedPool pool, SplitWriter out, ObjectNode node, StringBuilder report)
      throws IOException, InterruptedException {
    List<Path> files = corpus.part(Split.TRAIN).files();
    TrainingMix mix = mixed.mix().withCommentShare(CommentShare.bound(mixed.mix(), files, options));
    node.put("comment_share", mix.commentShare());
    PartSamples source = new PartSamples(mix, mixed.tasks(), options, samples, pool, progress);
    String key = recipe + " " + mix.text() + " " + mixed.tasks().recipe() + " ";
    progress.stage("encoding train", (long) files.size() * TrainingPart.values().length);
    new MixWriter(
            mix,
            files,
            (part, file, round) ->
                Piece.of(
                    work,
                    part.label() + "-" + round + "-" + file.getFileName(),
                    key + Extraction.sha256(file),
                    wide,
                    textBytes,
                    part == TrainingPart.SYNTHETIC,
                    sink -> source.write(part, file, round, sink)))
        .write(out, node.putObject("parts"), report);
  }

  /** Encodes one file once, or finds that done. */
  private Piece piece(Split split, Path file, int pass, OrderedPool pool)
      throws IOException, InterruptedException {
    return Piece.of(
        work,
        split.folder() + "-" + pass + "-" + file.getFileName(),
        recipe + " " + Extraction.sha256(file),
        wide,
        textBytes,
        false,
        sink -> {
          try (DocumentReader reader = Corpus.read(file)) {
            pool.map(
                reader,
                document -> new Encoded(samplesOf(document, split, pass), document.utf8Length()),
                encoded -> {
                  progress.advance(encoded.bytes);
                  encoded.samples.forEach(ids -> sink.accept(Sample.whole(ids)));
                });
          }
        });
  }

  private record Encoded(List<int[]> samples, int bytes) {}

  private List<int[]> samplesOf(Document document, Split split, int pass) {
    if (split != Split.TRAIN) {
      return List.of(samples.plain(document));
    }
    return options.taken(document, pass) ? samples.training(document, pass) : List.of();
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
}
