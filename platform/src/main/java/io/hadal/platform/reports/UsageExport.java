package io.hadal.platform.reports;

import io.hadal.platform.db.Database;
import io.hadal.platform.ledger.EventRow;
import io.hadal.platform.money.Price;
import io.hadal.platform.money.PriceBook;
import io.hadal.platform.money.PriceSnapshot;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Writes attempts in the order in which the database got them, in pages, so that memory does not
 * grow. Each line has the cursor behind which a broken export goes on.
 */
public final class UsageExport {
  private static final int PAGE = 500;

  private final Database database;
  private final PriceBook prices;

  public UsageExport(Database database, PriceBook prices) {
    this.database = database;
    this.prices = prices;
  }

  /**
   * Writes what the filter lets through.
   *
   * @param after only what is behind this cursor; 0 for all, with a header
   * @return cursor of the last attempt; {@code after} without one
   */
  public long write(ExportFormat format, UsageFilter filter, long after, OutputStream to)
      throws IOException {
    return write(format, filter, after, after == 0, to);
  }

  /**
   * Writes what the filter lets through.
   *
   * @param after only what is behind this cursor; 0 for all
   * @param header whether the names of the columns come first, where the format has them
   * @return cursor of the last attempt; {@code after} without one
   */
  long write(ExportFormat format, UsageFilter filter, long after, boolean header, OutputStream to)
      throws IOException {
    Writer out = new BufferedWriter(new OutputStreamWriter(to, StandardCharsets.UTF_8));
    CsvWriter csv = new CsvWriter(out);
    if (header) {
      switch (format) {
        case CSV -> csv.row(EventColumns.names());
        case FOCUS -> csv.row(FocusColumns.NAMES);
        case JSONL -> {
          // Each line has its names.
        }
      }
    }
    long cursor = after;
    while (true) {
      List<Priced> page = page(format, filter, cursor);
      for (Priced one : page) {
        switch (format) {
          case CSV -> csv.row(EventColumns.texts(one.event()));
          case JSONL -> out.append(EventColumns.json(one.event()).toString()).append('\n');
          case FOCUS -> {
            for (List<String> row : FocusColumns.rows(one.event(), one.prices())) {
              csv.row(row);
            }
          }
        }
        cursor = one.event().seq();
      }
      out.flush();
      if (page.size() < PAGE) {
        return cursor;
      }
    }
  }

  private record Priced(EventRow event, PriceSnapshot prices) {}

  private List<Priced> page(ExportFormat format, UsageFilter filter, long after) {
    return database.read(
        h -> {
          UsageFilter.Condition condition = filter.condition(database.kind());
          List<EventRow> rows =
              condition
                  .bind(
                      h.createQuery(
                          "SELECT "
                              + EventRow.COLUMNS
                              + " FROM usage_event WHERE seq > :after AND "
                              + condition.sql()
                              + " ORDER BY seq LIMIT "
                              + PAGE))
                  .bind("after", after)
                  .map((rs, ctx) -> EventRow.read(rs))
                  .list();
          return rows.stream()
              .map(
                  row -> {
                    Price price =
                        format != ExportFormat.FOCUS || row.priceBook() == 0
                            ? null
                            : prices.row(h, row.priceBook());
                    return new Priced(
                        row, price == null ? PriceSnapshot.FREE : price.at(row.start()));
                  })
              .toList();
        });
  }
}
