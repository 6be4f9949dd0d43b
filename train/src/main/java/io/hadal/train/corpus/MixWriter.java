package io.hadal.train.corpus;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.node.ObjectNode;

/** Training samples in the shares of a mix. */
final class MixWriter {
  private final TrainingMix mix;
  private final List<Path> files;
  private final Pieces pieces;

  /** Makes or finds the samples of a part of a project. */
  @FunctionalInterface
  interface Pieces {
    Piece of(TrainingPart part, Path file, int round) throws IOException, InterruptedException;
  }

  /**
   * @param files of the training projects
   */
  MixWriter(TrainingMix mix, List<Path> files, Pieces pieces) {
    this.mix = mix;
    this.files = files;
    this.pieces = pieces;
  }

  /** What there is of a part: pieces by round, tokens of a round and in all. */
  private static final class Stock {
    private final List<List<Piece>> rounds = new ArrayList<>();
    private long first;
    private long tokens;
  }

  /**
   * Writes the samples: part by part, in each project by project.
   *
   * @param node gets what each part got
   * @param report gets the same for people
   */
  void write(SplitWriter out, ObjectNode node, StringBuilder report)
      throws IOException, InterruptedException {
    Map<TrainingPart, Stock> stocks = new EnumMap<>(TrainingPart.class);
    for (TrainingPart part : TrainingPart.values()) {
      Stock stock = new Stock();
      stocks.put(part, stock);
      if (mix.share(part) > 0) {
        round(part, stock);
      }
    }
    long total = total(stocks);
    for (Map.Entry<TrainingPart, Stock> entry : stocks.entrySet()) {
      TrainingPart part = entry.getKey();
      Stock stock = entry.getValue();
      long wanted = (long) (mix.share(part) * total);
      while (stock.tokens < wanted && stock.first > 0 && stock.rounds.size() < mix.maxRepeats()) {
        round(part, stock);
      }
      SplitWriter.Taking taking =
          new SplitWriter.Taking(
              stock.tokens == 0 ? 0 : Math.min(1, (double) wanted / stock.tokens));
      for (List<Piece> round : stock.rounds) {
        for (Piece piece : round) {
          out.add(piece, taking);
        }
      }
      describe(part, stock, wanted, taking, node, report);
    }
  }

  private void round(TrainingPart part, Stock stock) throws IOException, InterruptedException {
    List<Piece> round = new ArrayList<>();
    for (Path file : files) {
      Piece piece = pieces.of(part, file, stock.rounds.size());
      round.add(piece);
      stock.tokens += piece.tokenCount();
    }
    stock.rounds.add(round);
    if (stock.rounds.size() == 1) {
      stock.first = stock.tokens;
    }
  }

  /** Tokens of all parts: as asked for, else so many that the first part is used up once. */
  private long total(Map<TrainingPart, Stock> stocks) {
    if (mix.tokens() > 0) {
      return mix.tokens();
    }
    for (Map.Entry<TrainingPart, Stock> entry : stocks.entrySet()) {
      double share = mix.share(entry.getKey());
      if (share > 0 && entry.getValue().first > 0) {
        return (long) (entry.getValue().first / share);
      }
    }
    return 0;
  }

  private void describe(
      TrainingPart part,
      Stock stock,
      long wanted,
      SplitWriter.Taking taking,
      ObjectNode node,
      StringBuilder report) {
    double times = stock.first == 0 ? 0 : (double) taking.tokens() / stock.first;
    // Samples are taken whole.
    boolean shortOf = stock.tokens < wanted;
    node.putObject(part.label())
        .put("share", mix.share(part))
        .put("wanted_tokens", wanted)
        .put("tokens", taking.tokens())
        .put("documents", taking.documents())
        .put("text_bytes", taking.bytes())
        .put("tokens_of_a_round", stock.first)
        .put("rounds", stock.rounds.size())
        .put("falls_short", shortOf);
    report.append(
        String.format(
            Locale.ROOT,
            "  %-9s %9d tokens %8d samples, %5.1f%% wanted, used %.2f times%s%n",
            part.label(),
            taking.tokens(),
            taking.documents(),
            100 * mix.share(part),
            times,
            shortOf
                ? String.format(
                    Locale.ROOT, "; too little text: %d tokens short", wanted - taking.tokens())
                : ""));
  }
}
