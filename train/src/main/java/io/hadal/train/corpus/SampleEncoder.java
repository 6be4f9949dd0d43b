package io.hadal.train.corpus;

import io.hadal.formats.FormatException;
import io.hadal.formats.prompt.SpecialTokens;
import io.hadal.formats.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Documents to training samples: token ids from BOS to EOS. Thread-safe. */
public final class SampleEncoder {
  private final Tokenizer tokenizer;
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
      needed.addAll(
          List.of(
              DocumentMarkers.REPO_BEGIN,
              DocumentMarkers.REPO_END,
              DocumentMarkers.NAME_BEGIN,
              DocumentMarkers.NAME_END));
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
    long seed = options.seed() ^ Hashing.of(document.artifact()) * 31 ^ Hashing.of(document.path());
    SplittableRandom random = new SplittableRandom(Hashing.mix(seed + repetition));
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

  private static List<FillInMiddle.Part> names(Document document) {
    return List.of(
        FillInMiddle.Part.token(DocumentMarkers.REPO_BEGIN),
        FillInMiddle.Part.text(document.project()),
        FillInMiddle.Part.token(DocumentMarkers.REPO_END),
        FillInMiddle.Part.token(DocumentMarkers.NAME_BEGIN),
        FillInMiddle.Part.text(document.path()),
        FillInMiddle.Part.token(DocumentMarkers.NAME_END));
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
