package io.hadal.platform.ledger;

import io.hadal.formats.FormatException;
import io.hadal.platform.budget.Prepaid;
import io.hadal.platform.db.Database;
import io.hadal.platform.db.HashChain;
import io.hadal.platform.money.Usd;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;
import org.jspecify.annotations.Nullable;

/**
 * The double-entry ledger. Transactions sum to zero, are never changed, and exist once for each
 * ref: what is tried again has no second effect.
 */
public final class Ledger {
  private static final String COLUMNS =
      "seq, kind, ref, project_id, corrects, memo, created_by, created_at";

  /** Nano-USD of one entry by hand: a hundred million USD. */
  private static final long MOST_AMOUNT = 100_000_000_000_000_000L;

  /** Nano-USD of an account, above or below nothing: sums stay numbers of 64 bits. */
  private static final long MOST_BALANCE = 40 * MOST_AMOUNT;

  private final Database database;
  private final Clock clock;

  public Ledger(Database database, Clock clock) {
    this.database = database;
    this.clock = clock;
  }

  /**
   * Money comes in for a project.
   *
   * @param amount nano-USD, above zero
   * @param ref unique, such as the number of the payment
   * @throws FormatException when it is too much, or the ref is there with another transaction
   */
  public Transaction topUp(String project, long amount, String ref, String memo, String by) {
    return incoming(Kind.TOPUP, Account.CASH, project, amount, ref, memo, by);
  }

  /** Money is given to a project. */
  public Transaction grant(String project, long amount, String ref, String memo, String by) {
    return incoming(Kind.GRANT, Account.GRANTS, project, amount, ref, memo, by);
  }

  /**
   * A payment is given back.
   *
   * @param model whose revenue it is taken from; null to write it off
   * @throws FormatException when no model can have that name, or as {@link #topUp} does
   */
  public Transaction refund(
      String project, @Nullable String model, long amount, String ref, String memo, String by) {
    Account from = model == null ? Account.WRITE_OFF : Account.of(Account.revenue(model).id());
    return incoming(Kind.REFUND, from, project, amount, ref, memo, by);
  }

  private Transaction incoming(
      Kind kind, Account from, String project, long amount, String ref, String memo, String by) {
    if (amount <= 0) {
      throw new FormatException("amount", "must be above zero");
    }
    List<Posting> postings =
        List.of(new Posting(from, -amount), new Posting(Account.prepaid(project), amount));
    requireBounded(postings);
    return post(new Draft(kind, ref, project, null, memo, by, clock.millis(), postings));
  }

  /** Refuses amounts of which a few more would be no numbers of 64 bits. */
  private void requireBounded(List<Posting> postings) {
    Map<String, Long> now = balances();
    for (Posting posting : postings) {
      if (Math.abs(posting.amount()) > MOST_AMOUNT || posting.amount() == Long.MIN_VALUE) {
        throw new FormatException("amount", "must be at most " + Usd.text(MOST_AMOUNT) + " USD");
      }
      String account = posting.account().id();
      long then = now.getOrDefault(account, 0L) + posting.amount();
      if (Math.abs(then) > MOST_BALANCE) {
        throw new FormatException(
            "amount", "would leave more than " + Usd.text(MOST_BALANCE) + " USD in " + account);
      }
    }
  }

  /**
   * Corrects a transaction by another one.
   *
   * @param corrects ref of the one that was wrong
   * @throws FormatException when there is none, or the postings do not sum to zero or are too much
   */
  public Transaction adjust(
      String corrects, List<Posting> postings, String ref, String memo, String by) {
    requireBounded(postings);
    Transaction wrong = find(corrects);
    if (wrong == null) {
      throw new FormatException("corrects", "there is no transaction '" + corrects + "'");
    }
    return post(
        new Draft(
            Kind.ADJUST,
            ref,
            wrong.draft().project(),
            corrects,
            memo,
            by,
            clock.millis(),
            postings));
  }

  /**
   * Posts a transaction, unless its ref is there.
   *
   * @return the transaction of that ref
   * @throws FormatException when the ref is there with another kind or other entries
   */
  public Transaction post(Draft draft) {
    database.run(h -> post(h, List.of(draft)));
    Transaction stored = find(draft.ref());
    if (stored == null) {
      throw new IllegalStateException("transaction " + draft.ref() + " is not there");
    }
    if (stored.draft().kind() != draft.kind()
        || !stored.draft().postings().equals(draft.postings())) {
      throw new FormatException(
          "ref", "'" + draft.ref() + "' was used before for another transaction");
    }
    return stored;
  }

  /** Posts, in the caller's transaction, what is not there yet. */
  void post(Handle handle, List<Draft> drafts) {
    if (drafts.isEmpty()) {
      return;
    }
    HashChain chain = HashChain.locked(handle, database.kind(), "transaction");
    Map<String, Draft> fresh = new LinkedHashMap<>();
    drafts.forEach(draft -> fresh.putIfAbsent(draft.ref(), draft));
    handle
        .createQuery("SELECT ref FROM ledger_tx WHERE ref IN (<refs>)")
        .bindList("refs", List.copyOf(fresh.keySet()))
        .mapTo(String.class)
        .list()
        .forEach(fresh::remove);
    if (fresh.isEmpty()) {
      return;
    }
    Map<String, Account> accounts = new TreeMap<>();
    Map<String, long[]> changes = new TreeMap<>();
    for (Draft draft : fresh.values()) {
      for (Posting posting : draft.postings()) {
        String id = posting.account().id();
        accounts.put(id, posting.account());
        long[] change = changes.computeIfAbsent(id, _ -> new long[2]);
        change[0] = Math.addExact(change[0], posting.amount());
        change[1]++;
      }
    }
    insertAccounts(handle, accounts);
    insert(handle, chain, fresh);
    updateBalances(handle, changes);
    chain.save();
    fresh.values().forEach(draft -> credit(handle, draft));
  }

  /**
   * What comes in or is corrected changes what may be spent; what is spent changes it elsewhere.
   */
  private void credit(Handle handle, Draft draft) {
    boolean incoming = draft.kind() == Kind.TOPUP || draft.kind() == Kind.GRANT;
    boolean corrected = draft.kind() == Kind.REFUND || draft.kind() == Kind.ADJUST;
    if (!incoming && !corrected) {
      return;
    }
    // A correction may be about several projects, of which the transaction names one.
    Map<String, Long> amounts = new TreeMap<>();
    for (Posting posting : draft.postings()) {
      String project = posting.account().owner();
      if (project != null && posting.account().equals(Account.prepaid(project))) {
        amounts.merge(project, posting.amount(), Math::addExact);
      }
    }
    amounts.forEach(
        (project, amount) -> {
          String ref =
              project.equals(draft.project()) ? draft.ref() : draft.ref() + " of " + project;
          if (amount != 0 && incoming) {
            long before = balance(handle, Account.prepaid(project)) - amount;
            Prepaid.credit(handle, project, amount, before, ref, clock.millis());
          } else if (amount != 0) {
            Prepaid.correct(handle, project, amount, ref, clock.millis());
          }
        });
  }

  private static void insertAccounts(Handle handle, Map<String, Account> accounts) {
    try (PreparedBatch batch =
        handle.prepareBatch(
            "INSERT INTO ledger_account (id, type, owner, currency) VALUES (?, ?, ?, ?)"
                + " ON CONFLICT DO NOTHING")) {
      for (Account account : accounts.values()) {
        batch.add(account.id(), account.type().name(), account.owner(), Account.CURRENCY);
      }
      batch.execute();
    }
  }

  private static void insert(Handle handle, HashChain chain, Map<String, Draft> drafts) {
    // Entries first: the row of a transaction closes it.
    try (PreparedBatch entries =
            handle.prepareBatch(
                "INSERT INTO ledger_entry (tx_seq, line, account_id, amount_nano)"
                    + " VALUES (?, ?, ?, ?)");
        PreparedBatch rows =
            handle.prepareBatch(
                "INSERT INTO ledger_tx ("
                    + COLUMNS
                    + ", hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")) {
      for (Draft draft : drafts.values()) {
        String hash = chain.add(draft.fields());
        int line = 0;
        for (Posting posting : draft.postings()) {
          entries.add(chain.seq(), line++, posting.account().id(), posting.amount());
        }
        rows.add(
            chain.seq(),
            draft.kind().name(),
            draft.ref(),
            draft.project(),
            draft.corrects(),
            draft.memo(),
            draft.createdBy(),
            draft.time(),
            hash);
      }
      entries.execute();
      rows.execute();
    }
  }

  private static void updateBalances(Handle handle, Map<String, long[]> changes) {
    try (PreparedBatch batch =
        handle.prepareBatch(
            "INSERT INTO ledger_balance (account_id, balance_nano, entries) VALUES (?, ?, ?)"
                + " ON CONFLICT (account_id) DO UPDATE SET"
                + " balance_nano = ledger_balance.balance_nano + excluded.balance_nano,"
                + " entries = ledger_balance.entries + excluded.entries")) {
      changes.forEach((id, change) -> batch.add(id, change[0], change[1]));
      batch.execute();
    }
  }

  private static long balance(Handle handle, Account account) {
    return handle
        .createQuery("SELECT balance_nano FROM ledger_balance WHERE account_id = :id")
        .bind("id", account.id())
        .mapTo(Long.class)
        .findOne()
        .orElse(0L);
  }

  /** What a project has. */
  public Balance balance(String project) {
    return database.read(
        h -> {
          Map<String, Long> balances = new HashMap<>();
          h.createQuery(
                  "SELECT account_id, balance_nano FROM ledger_balance WHERE account_id IN (?, ?)")
              .bind(0, Account.prepaid(project).id())
              .bind(1, Account.held(project).id())
              .map((rs, ctx) -> Map.entry(rs.getString(1), rs.getLong(2)))
              .forEach(e -> balances.put(e.getKey(), e.getValue()));
          long prepaid = balances.getOrDefault(Account.prepaid(project).id(), 0L);
          long held = balances.getOrDefault(Account.held(project).id(), 0L);
          long given = given(h, project);
          long spent = incomingTotal(h, project) - prepaid - held;
          long granted = Math.max(0, given - Math.max(0, spent));
          return new Balance(prepaid, held, granted, prepaid + held - granted);
        });
  }

  private static long given(Handle h, String project) {
    return sum(h, project, "'GRANT'");
  }

  private static long incomingTotal(Handle h, String project) {
    return sum(h, project, "'GRANT', 'TOPUP', 'REFUND', 'ADJUST'");
  }

  private static long sum(Handle h, String project, String kinds) {
    return h.createQuery(
            "SELECT coalesce(sum(e.amount_nano), 0) FROM ledger_tx t JOIN ledger_entry e"
                + " ON e.tx_seq = t.seq WHERE t.project_id = ? AND t.kind IN ("
                + kinds
                + ") AND e.account_id = ?")
        .bind(0, project)
        .bind(1, Account.prepaid(project).id())
        .mapTo(Long.class)
        .one();
  }

  /** Balances of all accounts, by id. */
  public Map<String, Long> balances() {
    return database.read(
        h -> {
          Map<String, Long> all = new TreeMap<>();
          h.createQuery("SELECT account_id, balance_nano FROM ledger_balance")
              .map((rs, ctx) -> Map.entry(rs.getString(1), rs.getLong(2)))
              .forEach(e -> all.put(e.getKey(), e.getValue()));
          return all;
        });
  }

  /**
   * The last row of one of the ledger's chains: its number and the hash that covers it and all
   * before. Kept elsewhere, such as in the audit log, it shows that none of them was changed since.
   *
   * @param chain {@code transaction}, {@code event} or {@code price}
   */
  public Anchor anchor(String chain) {
    return database.read(
        h ->
            h.createQuery("SELECT seq, hash FROM ledger_head WHERE chain = :chain")
                .bind("chain", chain)
                .map((rs, ctx) -> new Anchor(rs.getLong(1), rs.getString(2)))
                .one());
  }

  /** The transaction of a ref; null for none. */
  public @Nullable Transaction find(String ref) {
    List<Transaction> found =
        database.read(
            h ->
                withEntries(
                    h,
                    h.createQuery("SELECT " + COLUMNS + " FROM ledger_tx WHERE ref = ?")
                        .bind(0, ref)
                        .map((rs, ctx) -> TransactionRow.read(rs))
                        .list()));
    return found.isEmpty() ? null : found.getFirst();
  }

  /**
   * Transactions, newest first.
   *
   * @param project only those about it; null for all
   * @param kind only those of it; null for all
   * @param before only those with a smaller number; {@link Long#MAX_VALUE} for the newest
   */
  public List<Transaction> list(
      @Nullable String project, @Nullable Kind kind, long before, int limit) {
    return database.read(
        h ->
            withEntries(
                h,
                h.createQuery(
                        "SELECT "
                            + COLUMNS
                            + " FROM ledger_tx WHERE seq < :before"
                            + " AND (CAST(:project AS TEXT) IS NULL OR project_id = :project)"
                            + " AND (CAST(:kind AS TEXT) IS NULL OR kind = :kind)"
                            + " ORDER BY seq DESC LIMIT :limit")
                    .bind("before", before)
                    .bind("project", project)
                    .bind("kind", kind == null ? null : kind.name())
                    .bind("limit", limit)
                    .map((rs, ctx) -> TransactionRow.read(rs))
                    .list()));
  }

  private static List<Transaction> withEntries(Handle h, List<TransactionRow> rows) {
    if (rows.isEmpty()) {
      return List.of();
    }
    Map<Long, List<Posting>> postings = new HashMap<>();
    h.createQuery(
            "SELECT tx_seq, account_id, amount_nano FROM ledger_entry WHERE tx_seq IN (<seqs>)"
                + " ORDER BY tx_seq, line")
        .bindList("seqs", rows.stream().map(TransactionRow::seq).toList())
        .map(
            (rs, ctx) ->
                Map.entry(
                    rs.getLong(1), new Posting(Account.stored(rs.getString(2)), rs.getLong(3))))
        .forEach(
            e -> postings.computeIfAbsent(e.getKey(), _ -> new ArrayList<>()).add(e.getValue()));
    return rows.stream().map(row -> row.with(postings.getOrDefault(row.seq(), List.of()))).toList();
  }
}
