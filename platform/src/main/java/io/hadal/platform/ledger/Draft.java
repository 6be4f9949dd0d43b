package io.hadal.platform.ledger;

import io.hadal.formats.FormatException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A transaction before it is in the ledger.
 *
 * @param ref unique; the same one again has no effect
 * @param project project it is about; null for none
 * @param corrects ref of the transaction that it corrects; null for none
 * @param time milliseconds since 1970
 */
public record Draft(
    Kind kind,
    String ref,
    @Nullable String project,
    @Nullable String corrects,
    String memo,
    String createdBy,
    long time,
    List<Posting> postings) {
  private static final int MOST_TEXT = 500;

  public Draft {
    postings = List.copyOf(postings);
    require("ref", ref);
    require("created_by", createdBy);
    if (memo.length() > MOST_TEXT) {
      throw new FormatException("memo", "must have at most " + MOST_TEXT + " characters");
    }
    long sum = 0;
    for (Posting posting : postings) {
      sum = Math.addExact(sum, posting.amount());
    }
    if (sum != 0 || postings.size() < 2) {
      throw new FormatException(
          "transaction " + ref, "must have two entries or more that sum to zero, not to " + sum);
    }
  }

  private static void require(String field, String text) {
    if (text.isBlank() || text.length() > MOST_TEXT) {
      throw new FormatException(field, "must have 1 to " + MOST_TEXT + " characters");
    }
  }

  /** What the hash of the transaction covers. */
  List<@Nullable Object> fields() {
    StringBuilder lines = new StringBuilder();
    for (Posting posting : postings) {
      lines.append(posting.account().id()).append(' ').append(posting.amount()).append('\n');
    }
    List<@Nullable Object> fields = new ArrayList<>();
    fields.add(kind.name());
    fields.add(ref);
    fields.add(project);
    fields.add(corrects);
    fields.add(memo);
    fields.add(createdBy);
    fields.add(time);
    fields.add(lines);
    return fields;
  }
}
