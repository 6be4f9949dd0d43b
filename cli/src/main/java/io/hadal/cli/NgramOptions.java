package io.hadal.cli;

import io.hadal.formats.tokenizer.Tokenizer;
import io.hadal.train.corpus.Document;
import io.hadal.train.corpus.EncodedCorpus;
import io.hadal.train.corpus.EncodedSplit;
import io.hadal.train.corpus.Progress;
import io.hadal.train.corpus.Split;
import io.hadal.train.evaluation.NgramModel;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Options of {@code hadal eval} for a yardstick instead of a model. */
final class NgramOptions {
  private static final String NGRAM = "ngram";

  @Option(
      names = "--baseline",
      paramLabel = "NAME",
      description =
          "Measure a yardstick instead of a model: ngram, token sequences counted in --data.")
  @Nullable String baseline;

  @Option(
      names = "--data",
      paramLabel = "FOLDER",
      description = "What `hadal corpus encode` has made: training tokens of the yardstick.")
  private @Nullable Path data;

  @Option(
      names = "--train-tokens",
      paramLabel = "N",
      description = "Tokens to count, whole samples chosen by --seed. Default: 10000000.")
  private long trainTokens = 10_000_000;

  @Option(
      names = "--order",
      paramLabel = "N",
      description = "Longest sequence, 2 to 8 tokens. Default: 5.")
  private int order = 5;

  /** What is wrong with the options, null for nothing. */
  @Nullable String complaint() {
    if (baseline == null) {
      return data == null ? null : "--data belongs to --baseline ngram";
    }
    if (!baseline.equals(NGRAM)) {
      return "--baseline must be ngram, not " + baseline;
    }
    if (data == null) {
      return "--baseline ngram needs --data, a folder that `hadal corpus encode` has made";
    }
    return order < 2 || order > NgramModel.MAX_ORDER || trainTokens < 1
        ? "--order must lie in 2 to " + NgramModel.MAX_ORDER + ", --train-tokens be 1 or more"
        : null;
  }

  /** Counts and measures; prints bits per byte by order. */
  ObjectNode run(List<Document> files, long seed, PrintWriter out, Progress progress)
      throws IOException {
    EncodedCorpus encoded = EncodedCorpus.open(data == null ? Path.of("") : data);
    Tokenizer tokenizer = Tokenizer.fromJson(encoded.tokenizerJson());
    NgramModel model;
    try (EncodedSplit train = encoded.split(Split.TRAIN)) {
      model = NgramModel.count(train, encoded.vocabularySize(), order, trainTokens, seed, progress);
    }
    NgramModel.Result result = model.measure(files, tokenizer, progress);
    double bytes = Math.max(1, result.bytes());
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("baseline", NGRAM).put("train_tokens", model.tokens());
    json.put("sequences", model.sequences()).put("files", files.size());
    json.put("bytes", result.bytes()).put("tokens", result.tokens());
    ObjectNode orders = json.putObject("bits_per_byte");
    out.printf(
        Locale.ROOT,
        "n-grams of %d tokens: %d sequences%nbits per byte of %d files, %d bytes, %d tokens%n",
        model.tokens(),
        model.sequences(),
        files.size(),
        result.bytes(),
        result.tokens());
    for (int k = 1; k <= order; k++) {
      out.printf(Locale.ROOT, "  order %d %8.4f%n", k, result.bits()[k] / bytes);
      orders.put(Integer.toString(k), Math.round(1e4 * result.bits()[k] / bytes) / 1e4);
    }
    out.flush();
    return json;
  }
}
