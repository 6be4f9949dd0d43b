package io.hadal.train.evaluation;

import io.hadal.engine.Engine;
import io.hadal.engine.Sampler;
import io.hadal.engine.memory.MemoryFit;
import io.hadal.engine.memory.MemoryWeights;
import io.hadal.engine.memory.OpenText;
import io.hadal.engine.memory.ProjectMemory;
import io.hadal.formats.tokenizer.Tokenizer;
import io.hadal.train.corpus.Document;
import io.hadal.train.corpus.Language;
import io.hadal.train.corpus.Progress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * Code length of held-out files under a model, without and with project memory. The memory knows
 * what stood earlier in the file and the files of the same project that came before.
 */
public final class BitsPerByte {
  private final DocumentPass pass;
  private final Tokenizer tokenizer;
  private final MemoryWeights weights;

  /**
   * Sums over tokens.
   *
   * @param bits of the model alone
   * @param memoryBits of model and memory
   */
  public record Sum(long tokens, long bytes, double bits, double memoryBits) {
    static final Sum NONE = new Sum(0, 0, 0, 0);

    Sum plus(Sum o) {
      return new Sum(tokens + o.tokens, bytes + o.bytes, bits + o.bits, memoryBits + o.memoryBits);
    }
  }

  /** Sums of a file, or of several. */
  public record Result(Map<TokenClass, Sum> classes) {
    /** Sum over all classes. */
    public Sum total() {
      return classes.values().stream().reduce(Sum.NONE, Sum::plus);
    }

    /** Sums of several files. */
    public static Result of(List<Result> results) {
      Map<TokenClass, Sum> sums = new EnumMap<>(TokenClass.class);
      for (Result r : results) {
        r.classes().forEach((c, s) -> sums.merge(c, s, Sum::plus));
      }
      return new Result(sums);
    }
  }

  /**
   * An evaluation.
   *
   * @param window most tokens that the model sees at once
   */
  public BitsPerByte(Engine engine, Tokenizer tokenizer, int window, MemoryWeights weights) {
    this.pass = new DocumentPass(engine, window);
    this.tokenizer = tokenizer;
    this.weights = weights;
  }

  /** Measures files, in the order given; one result for each. */
  public List<Result> measure(List<Document> files, Progress progress) {
    progress.stage("bits per byte", files.stream().mapToLong(Document::utf8Length).sum());
    List<Result> results = new ArrayList<>();
    visit(
        files, progress, (document, tokens, text) -> results.add(measure(document, tokens, text)));
    return results;
  }

  /** Learns weights for the memory from files that neither model nor memory were made from. */
  public MemoryWeights fit(List<Document> files, int passes, Progress progress) {
    progress.stage("predictions", files.stream().mapToLong(Document::utf8Length).sum());
    MemoryFit fit = new MemoryFit();
    visit(
        files,
        progress,
        (document, tokens, text) ->
            pass.run(
                tokens,
                (at, logits) -> {
                  fit.add(text, logits, tokens[at]);
                  text.accept(tokens[at]);
                }));
    progress.stage("weights", 1);
    return fit.fit(passes);
  }

  /** Work on a file. */
  private interface FileWork {
    void run(Document document, int[] tokens, OpenText text);
  }

  private void visit(List<Document> files, Progress progress, FileWork work) {
    String project = "";
    ProjectMemory memory = new ProjectMemory(tokenizer, weights);
    for (Document document : files) {
      if (!document.project().equals(project)) {
        project = document.project();
        memory = new ProjectMemory(tokenizer, weights);
      }
      int[] tokens = encode(tokenizer, document.text());
      work.run(document, tokens, memory.open());
      memory.learn(tokens);
      progress.advance(document.utf8Length());
    }
  }

  /** A text from beginning to end of sequence. */
  static int[] encode(Tokenizer tokenizer, String text) {
    int[] ids = tokenizer.encode(text, false);
    OptionalInt bos = tokenizer.bos();
    OptionalInt eos = tokenizer.eos();
    int[] all = new int[ids.length + 2];
    all[0] = bos.orElseThrow();
    System.arraycopy(ids, 0, all, 1, ids.length);
    all[all.length - 1] = eos.orElseThrow();
    return all;
  }

  private Result measure(Document document, int[] tokens, OpenText text) {
    TokenClass[] bytes =
        SourceClasses.of(
            document.text().getBytes(StandardCharsets.UTF_8),
            document.language() == Language.PYTHON);
    Map<TokenClass, Sum> sums = new EnumMap<>(TokenClass.class);
    int[] offset = {0};
    pass.run(
        tokens,
        (at, logits) -> {
          int id = tokens[at];
          boolean end = at == tokens.length - 1;
          int length = end ? 0 : tokenizer.tokenBytes(id).length;
          TokenClass kind = end ? TokenClass.END : kind(bytes, offset[0], length);
          double alone = -Sampler.logProbability(logits, id) / Math.log(2);
          double mixed = -Sampler.logProbability(text.mix(logits), id) / Math.log(2);
          text.accept(id);
          offset[0] += length;
          sums.merge(kind, new Sum(1, length, alone, mixed), Sum::plus);
        });
    return new Result(sums);
  }

  /** The class of the first byte that is no blank. */
  private static TokenClass kind(TokenClass[] bytes, int from, int length) {
    TokenClass kind = TokenClass.BLANK;
    for (int i = from; i < Math.min(bytes.length, from + length); i++) {
      if (bytes[i] != TokenClass.BLANK && bytes[i] != TokenClass.INDENTATION) {
        return bytes[i];
      }
      kind = bytes[i] == TokenClass.INDENTATION ? bytes[i] : kind;
    }
    return kind;
  }
}
