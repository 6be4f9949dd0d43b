package io.hadal.train.corpus;

import io.hadal.formats.FormatException;
import io.hadal.formats.prompt.Message;
import io.hadal.formats.prompt.PromptDialect;
import io.hadal.formats.prompt.PromptEncoder;
import io.hadal.formats.prompt.RenderOptions;
import io.hadal.formats.prompt.SegmentTokenizer;
import io.hadal.formats.prompt.SpecialTokens;
import io.hadal.formats.prompt.ThinkingMode;
import io.hadal.formats.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Documents to training samples: token ids from BOS to EOS. Thread-safe. */
public final class SampleEncoder {
  private static final List<String> NAMES =
      List.of(
          DocumentMarkers.REPO_BEGIN,
          DocumentMarkers.REPO_END,
          DocumentMarkers.NAME_BEGIN,
          DocumentMarkers.NAME_END);

  /** Marks around a text, and what a hole may add where it cuts words. */
  private static final int FRAME = 8;

  private final Tokenizer tokenizer;
  private final SegmentTokenizer segments;
  private final PromptEncoder prompts = new PromptEncoder(PromptDialect.V4);
  private final String source;
  private final EncodingOptions options;
  private final int bos;
  private final int eos;

  /**
   * @param source name of the tokenizer's file for error messages
   * @throws FormatException when the tokenizer lacks a token that the options need
   */
  public SampleEncoder(Tokenizer tokenizer, String source, EncodingOptions options) {
    this.tokenizer = tokenizer;
    this.segments = new SegmentTokenizer(tokenizer);
    this.source = source;
    this.options = options;
    this.bos = id(SpecialTokens.BOS);
    this.eos = id(SpecialTokens.EOS);
    List<String> needed = new ArrayList<>();
    if (options.fimRate() > 0) {
      needed.addAll(
          List.of(SpecialTokens.FIM_BEGIN, SpecialTokens.FIM_HOLE, SpecialTokens.FIM_END));
    }
    if (options.nameRate() > 0) {
      needed.addAll(NAMES);
    }
    needed.forEach(this::id);
  }

  private int id(String token) {
    return tokenizer
        .id(token)
        .orElseThrow(
            () ->
                new FormatException(
                    source,
                    "has no token "
                        + token
                        + "; train one with `hadal tokenizer train`, or set the rates to 0"));
  }

  /** The document as it is, for evaluation. */
  public int[] plain(Document document) {
    return sample(List.of(FillInMiddle.Part.text(document.text())));
  }

  /**
   * The document for training.
   *
   * @param repetition how often it was given before; every time it comes out differently
   */
  public List<int[]> training(Document document, int repetition) {
    SplittableRandom random = random(document, repetition);
    boolean fill = random.nextDouble() < options.fimRate();
    List<FillInMiddle.Part> names =
        random.nextDouble() < options.nameRate() ? names(document) : List.of();
    if (!fill) {
      return List.of(sample(join(names, List.of(FillInMiddle.Part.text(document.text())))));
    }
    List<int[]> samples = new ArrayList<>();
    for (String window : FillInMiddle.windows(document.text(), options.fimWindow())) {
      samples.add(
          sample(
              join(
                  names,
                  FillInMiddle.transform(
                      window, options.spmShare(), options.shortShare(), random))));
    }
    return samples;
  }

  private SplittableRandom random(Document document, int repetition) {
    long seed = options.seed() ^ Hashing.of(document.artifact()) * 31 ^ Hashing.of(document.path());
    return new SplittableRandom(Hashing.mix(seed + repetition));
  }

  private static List<FillInMiddle.Part> names(Document document) {
    return join(repository(document), file(document));
  }

  private static List<FillInMiddle.Part> repository(Document document) {
    return List.of(
        FillInMiddle.Part.token(DocumentMarkers.REPO_BEGIN),
        FillInMiddle.Part.text(document.project()),
        FillInMiddle.Part.token(DocumentMarkers.REPO_END));
  }

  private static List<FillInMiddle.Part> file(Document document) {
    return List.of(
        FillInMiddle.Part.token(DocumentMarkers.NAME_BEGIN),
        FillInMiddle.Part.text(document.path()),
        FillInMiddle.Part.token(DocumentMarkers.NAME_END));
  }

  /** Most tokens of a document in a sample of several, its name included. */
  int packedLength(Document document) {
    return tokenizer.encode(document.path(), false).length
        + tokenizer.encode(document.text(), false).length
        + FRAME;
  }

  /** Tokens that a sample of several documents has beside them. */
  int packFrame(Document document) {
    return tokenizer.encode(document.project(), false).length + FRAME;
  }

  /**
   * Documents of one project as one sample: the project's name, then each with its own. In fill-in
   * form the last one has the hole, and the others are what it is filled from.
   *
   * @param repetition how often documents were given before
   */
  public int[] packed(List<Document> documents, int repetition) {
    Document last = documents.getLast();
    SplittableRandom random = random(last, repetition);
    List<FillInMiddle.Part> parts = new ArrayList<>(repository(last));
    for (Document document : documents.subList(0, documents.size() - 1)) {
      parts.addAll(file(document));
      parts.add(FillInMiddle.Part.text(document.text()));
    }
    parts.addAll(file(last));
    parts.addAll(
        random.nextDouble() < options.fimRate()
            ? FillInMiddle.transform(last.text(), options.spmShare(), options.shortShare(), random)
            : List.of(FillInMiddle.Part.text(last.text())));
    return sample(parts);
  }

  /** An exercise; the question is not learnt. Conversations have the form of the V4 prompt. */
  public Sample task(Task task) {
    int[] prompt;
    if (task.chat()) {
      prompt =
          segments.encode(
              prompts.segments(
                  List.of(Message.user(task.prompt())), RenderOptions.of(ThinkingMode.CHAT)));
    } else {
      int[] ids = tokenizer.encode(task.prompt(), false);
      prompt = new int[ids.length + 1];
      prompt[0] = bos;
      System.arraycopy(ids, 0, prompt, 1, ids.length);
    }
    int[] answer = tokenizer.encode(task.answer(), false);
    int[] ids = Arrays.copyOf(prompt, prompt.length + answer.length + 1);
    System.arraycopy(answer, 0, ids, prompt.length, answer.length);
    ids[ids.length - 1] = eos;
    boolean[] targets = new boolean[ids.length];
    Arrays.fill(targets, prompt.length, ids.length, true);
    return new Sample(ids, targets);
  }

  /**
   * Checks that the tokenizer has what a mix needs.
   *
   * @throws FormatException when it lacks a token
   */
  void require(TrainingMix mix) {
    if (mix.share(TrainingPart.SYNTHETIC) > 0) {
      List.of(SpecialTokens.USER, SpecialTokens.ASSISTANT, SpecialTokens.THINK_END)
          .forEach(this::id);
    }
    if (mix.share(TrainingPart.PROJECT) > 0) {
      NAMES.forEach(this::id);
    }
  }

  private static List<FillInMiddle.Part> join(
      List<FillInMiddle.Part> a, List<FillInMiddle.Part> b) {
    List<FillInMiddle.Part> all = new ArrayList<>(a);
    all.addAll(b);
    return all;
  }

  private int[] sample(List<FillInMiddle.Part> parts) {
    int[] ids = new int[1024];
    int n = 0;
    ids[n++] = bos;
    for (FillInMiddle.Part part : parts) {
      int[] more =
          part.token() ? new int[] {id(part.text())} : tokenizer.encode(part.text(), false);
      if (n + more.length + 1 > ids.length) {
        ids = Arrays.copyOf(ids, Math.max(ids.length * 2, n + more.length + 1));
      }
      System.arraycopy(more, 0, ids, n, more.length);
      n += more.length;
    }
    ids[n++] = eos;
    return Arrays.copyOf(ids, n);
  }
}
