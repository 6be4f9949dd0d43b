package io.hadal.server.admin;

import static io.hadal.platform.tenancy.Permission.read;
import static io.hadal.platform.tenancy.Permission.write;

import io.hadal.chat.Problem;
import io.hadal.platform.ledger.Account;
import io.hadal.platform.ledger.Balance;
import io.hadal.platform.ledger.Draft;
import io.hadal.platform.ledger.Fault;
import io.hadal.platform.ledger.Kind;
import io.hadal.platform.ledger.Ledger;
import io.hadal.platform.ledger.LedgerVerifier;
import io.hadal.platform.ledger.Posting;
import io.hadal.platform.ledger.Transaction;
import io.hadal.platform.ledger.Verification;
import io.hadal.platform.money.Usd;
import io.hadal.platform.tenancy.Permission;
import io.hadal.platform.tenancy.Permission.Resource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The ledger: balances, transactions, money that comes in, corrections, the verifier. */
public final class LedgerEndpoints implements EndpointGroup {
  private static final Permission READ = read(Resource.LEDGER);
  private static final Permission WRITE = write(Resource.LEDGER);
  private static final Permission BALANCE = read(Resource.BALANCE);
  private static final Permission MONEY = write(Resource.BALANCE);
  private static final int MOST_POSTINGS = 20;

  private final Ledger ledger;
  private final LedgerVerifier verifier;
  private final ActorScope scopes;

  public LedgerEndpoints(Ledger ledger, LedgerVerifier verifier, ActorScope scopes) {
    this.ledger = ledger;
    this.verifier = verifier;
    this.scopes = scopes;
  }

  @Override
  public List<Endpoint> endpoints() {
    return List.of(
        new Endpoint(
            "GET",
            "/ledger/transactions",
            READ,
            "Transactions, newest first, of a ?project or ?kind",
            this::transactions),
        new Endpoint("GET", "/ledger/accounts", READ, "Balances of all accounts", this::accounts),
        new Endpoint(
            "POST", "/ledger/adjust", WRITE, "Corrects a transaction by another one", this::adjust),
        new Endpoint(
                "POST",
                "/ledger/verify",
                READ,
                "Recomputes the books and reports the first fault",
                this::verify)
            .apart(),
        new Endpoint(
            "GET", "/projects/{id}/balance", BALANCE, "What a project has left", this::balance),
        new Endpoint(
            "POST", "/projects/{id}/topup", MONEY, "Money comes in for a project", this::topUp),
        new Endpoint(
            "POST", "/projects/{id}/grant", MONEY, "Money is given to a project", this::grant),
        new Endpoint(
            "POST",
            "/projects/{id}/refund",
            MONEY,
            "A payment is given back to a project",
            this::refund));
  }

  private JsonNode transactions(AdminCall call) {
    String project = call.query("project");
    if (project == null) {
      scopes.requireAll(call.actor(), READ);
    } else {
      scopes.requireProject(call.actor(), READ, project);
    }
    int limit = UsageParameters.limit(call);
    List<Transaction> list =
        ledger.list(
            project, kind(call.query("kind")), UsageParameters.after(call, Long.MAX_VALUE), limit);
    ObjectNode answer = JsonMapper.shared().createObjectNode();
    ArrayNode data = answer.putArray("data");
    list.forEach(transaction -> data.add(json(transaction)));
    if (list.size() < limit) {
      answer.putNull("next");
    } else {
      answer.put("next", Long.toString(list.getLast().seq()));
    }
    return answer;
  }

  private static @Nullable Kind kind(@Nullable String name) {
    if (name == null || name.isEmpty()) {
      return null;
    }
    try {
      return Kind.valueOf(name.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw Problem.invalid("kind", "must be one of " + List.of(Kind.values()));
    }
  }

  private JsonNode accounts(AdminCall call) {
    scopes.requireAll(call.actor(), READ);
    ObjectNode answer = JsonMapper.shared().createObjectNode();
    ArrayNode data = answer.putArray("data");
    ledger
        .balances()
        .forEach(
            (account, balance) ->
                data.addObject()
                    .put("account", account)
                    .put("type", Account.stored(account).type().name().toLowerCase(Locale.ROOT))
                    .put("balance_nano", balance)
                    .put("balance_usd", Usd.text(balance)));
    return answer.putNull("next");
  }

  private JsonNode adjust(AdminCall call) {
    scopes.requireAll(call.actor(), WRITE);
    JsonNode postings = call.body().get("postings");
    if (postings == null || !postings.isArray() || postings.size() > MOST_POSTINGS) {
      throw Problem.invalid("postings", "must be a list of 2 to " + MOST_POSTINGS + " entries");
    }
    List<Posting> list = new ArrayList<>();
    for (JsonNode one : postings.values()) {
      JsonNode account = one.get("account");
      JsonNode amount = one.get("amount_nano");
      if (account == null
          || !account.isString()
          || amount == null
          || !amount.isIntegralNumber()
          || !amount.canConvertToLong()
          || one.size() > 2) {
        throw Problem.invalid("postings", "need account and a whole amount_nano each, no more");
      }
      Account of = UsageParameters.checked(() -> Account.of(account.stringValue()));
      list.add(new Posting(of, amount.longValue()));
    }
    return json(
        UsageParameters.checked(
            () ->
                ledger.adjust(
                    call.required("corrects"),
                    list,
                    call.required("ref"),
                    memo(call),
                    call.actor().name())));
  }

  private JsonNode verify(AdminCall call) {
    scopes.requireAll(call.actor(), READ);
    Verification found = verifier.verify();
    ObjectNode answer =
        JsonMapper.shared()
            .createObjectNode()
            .put("ok", found.ok())
            .put("transactions", found.transactions())
            .put("events", found.events())
            .put("prices", found.prices())
            .put("head", found.head());
    Fault fault = found.fault();
    if (fault == null) {
      answer.putNull("fault");
    } else {
      answer
          .putObject("fault")
          .put("check", fault.check())
          .put("where", fault.where())
          .put("message", fault.message());
    }
    return answer;
  }

  private JsonNode balance(AdminCall call) {
    String project = call.path("id");
    scopes.requireProject(call.actor(), BALANCE, project);
    Balance balance = ledger.balance(project);
    return JsonMapper.shared()
        .createObjectNode()
        .put("project", project)
        .put("prepaid_nano", balance.prepaid())
        .put("prepaid_usd", Usd.text(balance.prepaid()))
        .put("held_nano", balance.held())
        .put("held_usd", Usd.text(balance.held()))
        .put("granted_nano", balance.granted())
        .put("granted_usd", Usd.text(balance.granted()))
        .put("topped_up_nano", balance.toppedUp())
        .put("topped_up_usd", Usd.text(balance.toppedUp()));
  }

  private JsonNode topUp(AdminCall call) {
    String project = project(call);
    return json(
        UsageParameters.checked(
            () ->
                ledger.topUp(
                    project, amount(call), call.required("ref"), memo(call), call.actor().name())));
  }

  private JsonNode grant(AdminCall call) {
    String project = project(call);
    return json(
        UsageParameters.checked(
            () ->
                ledger.grant(
                    project, amount(call), call.required("ref"), memo(call), call.actor().name())));
  }

  private JsonNode refund(AdminCall call) {
    String project = project(call);
    return json(
        UsageParameters.checked(
            () ->
                ledger.refund(
                    project,
                    call.text("version"),
                    amount(call),
                    call.required("ref"),
                    memo(call),
                    call.actor().name())));
  }

  private String project(AdminCall call) {
    String project = call.path("id");
    scopes.requireProject(call.actor(), MONEY, project);
    return project;
  }

  /** {@code amount_usd} as text, or {@code amount_nano}. */
  private static long amount(AdminCall call) {
    String usd = call.text("amount_usd");
    long nano = call.number("amount_nano", 1, Long.MAX_VALUE, 0);
    if ((usd == null) == (nano == 0)) {
      throw Problem.invalid("amount_usd", "or amount_nano is required, not both");
    }
    return usd == null ? nano : Usd.nano(usd, "amount_usd");
  }

  private static String memo(AdminCall call) {
    String memo = call.text("memo");
    return memo == null ? "" : memo;
  }

  private static ObjectNode json(Transaction transaction) {
    Draft draft = transaction.draft();
    ObjectNode node =
        JsonMapper.shared()
            .createObjectNode()
            .put("seq", transaction.seq())
            .put("kind", draft.kind().name().toLowerCase(Locale.ROOT))
            .put("ref", draft.ref())
            .put("project", draft.project())
            .put("corrects", draft.corrects())
            .put("memo", draft.memo())
            .put("created_by", draft.createdBy())
            .put("created_at", UsageParameters.text(draft.time()));
    ArrayNode entries = node.putArray("entries");
    for (Posting posting : draft.postings()) {
      entries
          .addObject()
          .put("account", posting.account().id())
          .put("amount_nano", posting.amount())
          .put("amount_usd", Usd.text(posting.amount()));
    }
    return node;
  }
}
