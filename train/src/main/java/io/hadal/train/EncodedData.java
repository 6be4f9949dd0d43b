package io.hadal.train;

import io.hadal.formats.FormatException;
import io.hadal.formats.prompt.SpecialTokens;
import io.hadal.formats.tokenizer.Tokenizer;
import io.hadal.train.corpus.EncodedCorpus;
import io.hadal.train.corpus.EncodedSplit;
import io.hadal.train.corpus.Split;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.node.ObjectNode;

/** Training data in a folder that {@code hadal corpus encode} has written. */
public final class EncodedData implements AutoCloseable {
  private static final String PAD = "<｜▁pad▁｜>";

  private final EncodedCorpus corpus;
  private final List<EncodedSplit> splits = new ArrayList<>();
  private final TrainingData data;

  /** A split as the trainer sees it. */
  private record Store(EncodedSplit split) implements TokenStore {
    @Override
    public long tokens() {
      return split.tokens();
    }

    @Override
    public long documents() {
      return split.documents();
    }

    @Override
    public long documentStart(long document) {
      return split.documentStart(document);
    }

    @Override
    public void read(long from, int[] into, int offset, int count) {
      split.read(from, into, offset, count);
    }

    @Override
    public void readTargets(long from, int[] into, int offset, int count) {
      split.readTargets(from, into, offset, count);
    }
  }

  private EncodedData(EncodedCorpus corpus) throws IOException {
    this.corpus = corpus;
    boolean opened = false;
    try {
      TokenStore training = open(Split.TRAIN);
      Map<String, TokenStore> evaluation = new LinkedHashMap<>();
      for (Split split : List.of(Split.VALID, Split.INFILE)) {
        TokenStore store = open(split);
        if (store.tokens() > 0) {
          evaluation.put(split.folder(), store);
        }
      }
      int[] bytes = new int[corpus.vocabularySize()];
      for (int id = 0; id < bytes.length; id++) {
        bytes[id] = corpus.tokenBytes(id);
      }
      this.data = new TrainingData(training, evaluation, bytes, corpus.tokenizerJson());
      opened = true;
    } finally {
      if (!opened) {
        close();
      }
    }
  }

  /**
   * Opens a folder.
   *
   * @throws FormatException when a file is broken
   * @throws IOException when a file is missing or cannot be read
   */
  public static EncodedData open(Path folder) throws IOException {
    return new EncodedData(EncodedCorpus.open(folder));
  }

  private TokenStore open(Split split) throws IOException {
    EncodedSplit opened = corpus.split(split);
    splits.add(opened);
    return new Store(opened);
  }

  public TrainingData data() {
    return data;
  }

  /** Text that changes with the data. */
  public String identity() {
    return corpus.identity();
  }

  /** Keys of a model configuration that follow from the vocabulary. */
  public ObjectNode vocabulary() {
    ObjectNode preset = model(2);
    return preset.retain("vocab_size", "bos_token_id", "eos_token_id", "engram_pad_token_id");
  }

  /** A preset for this data's vocabulary; see {@link Preset#model}. */
  public ObjectNode model(int depth) {
    Tokenizer tokenizer = Tokenizer.fromJson(corpus.tokenizerJson());
    int pad = tokenizer.id(PAD).orElse(corpus.eos());
    return Preset.model(depth, corpus.vocabularySize(), corpus.bos(), corpus.eos(), pad);
  }

  /** Adds a block drafter; see {@link Preset#addDrafter}. */
  public void addDrafter(ObjectNode model, int block) {
    Preset.addDrafter(model, block, Preset.noise(Tokenizer.fromJson(corpus.tokenizerJson())));
  }

  /**
   * Adds a residual head that acts behind the mark of a hole's content.
   *
   * @throws FormatException when the vocabulary has no such mark
   */
  public void addCompletionHead(ObjectNode model) {
    Tokenizer tokenizer = Tokenizer.fromJson(corpus.tokenizerJson());
    int mark =
        tokenizer
            .id(SpecialTokens.FIM_END)
            .orElseThrow(
                () ->
                    new FormatException(
                        corpus.tokenizerJson().toString(),
                        "has no "
                            + SpecialTokens.FIM_END
                            + ", which a completion head acts behind"));
    Preset.addCompletionHead(model, mark);
  }

  @Override
  public void close() {
    splits.forEach(EncodedSplit::close);
  }
}
