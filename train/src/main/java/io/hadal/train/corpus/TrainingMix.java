package io.hadal.train.corpus;

import java.util.EnumMap;
import java.util.Map;

/**
 * What training tokens consist of.
 *
 * @param shares share of the tokens by part, together 1
 * @param tokens how many tokens are wanted; 0 for as many as let the code appear once
 * @param maxRepeats how often a part that has too little text is used, each time rearranged anew
 * @param packTokens most tokens of a sample of several files; longer files stand alone
 * @param commentShare least share of comments in a file that counts as documentation; when there is
 *     more of it than the mix wants, the files with the largest shares are taken
 * @param tasksPerProject most exercises from a project in each round
 */
public record TrainingMix(
    Map<TrainingPart, Double> shares,
    long tokens,
    int maxRepeats,
    int packTokens,
    double commentShare,
    int tasksPerProject) {
  private static final double SLACK = 1e-6;

  public TrainingMix {
    double sum = 0;
    for (double share : shares.values()) {
      if (!(share >= 0 && share <= 1)) {
        throw new IllegalArgumentException("shares must lie in 0 to 1, not at " + share);
      }
      sum += share;
    }
    if (Math.abs(sum - 1) > SLACK) {
      throw new IllegalArgumentException("shares must sum to 1, not to " + sum);
    }
    Map<TrainingPart, Double> all = new EnumMap<>(TrainingPart.class);
    for (TrainingPart part : TrainingPart.values()) {
      all.put(part, shares.getOrDefault(part, 0.0));
    }
    shares = Map.copyOf(all);
  }

  /** Half code, a fifth documentation, the rest exercises and projects in equal shares. */
  public static TrainingMix defaults() {
    return new TrainingMix(
        Map.of(
            TrainingPart.CODE, 0.5,
            TrainingPart.DOCS, 0.2,
            TrainingPart.SYNTHETIC, 0.15,
            TrainingPart.PROJECT, 0.15),
        0,
        4,
        4096,
        0.4,
        2000);
  }

  double share(TrainingPart part) {
    return shares.getOrDefault(part, 0.0);
  }

  /**
   * Part that a file belongs to as itself: code, documentation or project. Files of a folder that
   * are no documentation go together. Exercises are made from all files.
   */
  TrainingPart of(Document document, long seed) {
    boolean docs = share(TrainingPart.DOCS) > 0;
    if (docs && CommentShare.rank(document, seed) >= commentShare) {
      return TrainingPart.DOCS;
    }
    double project = share(TrainingPart.PROJECT);
    double both = project + share(TrainingPart.CODE);
    String path = document.path();
    String folder = document.project() + " " + path.substring(0, path.lastIndexOf('/') + 1);
    return project > 0 && Document.place(folder, seed) < project / both
        ? TrainingPart.PROJECT
        : TrainingPart.CODE;
  }

  /** The same with another bound for documentation. */
  TrainingMix withCommentShare(double bound) {
    return new TrainingMix(shares, tokens, maxRepeats, packTokens, bound, tasksPerProject);
  }

  /** In one line, parts in their order. */
  String text() {
    StringBuilder text = new StringBuilder();
    for (TrainingPart part : TrainingPart.values()) {
      text.append(part.label()).append('=').append(share(part)).append(' ');
    }
    return text.append(packTokens)
        .append(' ')
        .append(commentShare)
        .append(' ')
        .append(tasksPerProject)
        .toString();
  }
}
