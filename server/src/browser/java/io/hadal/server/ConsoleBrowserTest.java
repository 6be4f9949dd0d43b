package io.hadal.server;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Download;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.assertions.PlaywrightAssertions;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.ReducedMotion;
import com.microsoft.playwright.options.SelectOption;
import io.hadal.platform.DataFolder;
import io.hadal.platform.node.Platform;
import io.hadal.platform.node.PlatformOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/**
 * The console of a real server in a real browser (platform.md 6, test 19): each page in both themes
 * and languages and on a narrow screen, with a picture of each in {@code target/console}, no
 * request to anywhere else, what axe finds, and the main things done by the keyboard alone.
 */
class ConsoleBrowserTest {
  private static final Path PICTURES = Path.of("target", "console");

  /** What must never be read on a page. */
  private static final Pattern BROKEN =
      Pattern.compile("undefined|NaN|\\[object |Invalid Date|\\bnull\\b");

  /** A key of the dictionaries that has no text. */
  private static final Pattern UNTRANSLATED = Pattern.compile("(?:[a-z_]+\\.){1,2}[a-z_0-9]+");

  @TempDir private static Path folder;

  private static Chromium chromium;
  private static RealConsole console;
  private static String state = "";
  private static String axe = "";

  private final List<String> asked = new CopyOnWriteArrayList<>();
  private final List<String> wrong = new CopyOnWriteArrayList<>();
  private BrowserContext context;
  private Page page;

  /** Where the console is that is looked at. */
  private String home = "";

  @BeforeAll
  static void start() throws Exception {
    chromium = Chromium.start();
    // A busy machine is slow, not wrong.
    PlaywrightAssertions.setDefaultAssertionTimeout(30_000);
    console = new RealConsole(folder);
    axe = Chromium.axe();
    try (BrowserContext first = chromium.browser.newContext()) {
      Page page = first.newPage();
      page.navigate(console.url());
      signIn(page, console.password);
      assertThat(page.locator(".side nav a").first()).isVisible();
      state = first.storageState();
    }
  }

  private static void signIn(Page page, String password) {
    page.locator("input[name=name]").fill("administrator");
    page.locator("input[name=password]").fill(password);
    page.keyboard().press("Enter");
  }

  @AfterAll
  static void stop() {
    if (console != null) {
      console.close();
    }
    if (chromium != null) {
      chromium.close();
    }
  }

  private void open(boolean signedIn, ColorScheme scheme, String language) {
    com.microsoft.playwright.Browser.NewContextOptions options =
        new com.microsoft.playwright.Browser.NewContextOptions()
            .setViewportSize(1400, 1000)
            .setColorScheme(scheme)
            .setReducedMotion(ReducedMotion.REDUCE)
            .setTimezoneId("UTC")
            .setLocale(language);
    if (signedIn) {
      options.setStorageState(state);
    }
    context = chromium.browser.newContext(options);
    page = context.newPage();
    page.onRequest(request -> asked.add(request.url()));
    page.onPageError(wrong::add);
    page.onConsoleMessage(
        message -> {
          // What axe draws to measure contrast is slow, and said to be.
          if ((message.type().equals("error") || message.type().equals("warning"))
              && !message.text().startsWith("Canvas2D")) {
            wrong.add(message.text());
          }
        });
  }

  @BeforeEach
  void fresh() {
    home = console.url();
    open(true, ColorScheme.LIGHT, "en-US");
  }

  @AfterEach
  void nothingFromElsewhereAndNothingWrong() {
    context.close();
    String own = home.replace("/console/", "/");
    assertThat(asked).isNotEmpty().allMatch(url -> url.startsWith(own) || url.startsWith("data:"));
    // Signing in begins with the question who one is.
    assertThat(wrong).filteredOn(text -> !text.contains("401")).isEmpty();
  }

  /** Opens a page and waits until nothing is loading any more. */
  private void visit(String name) {
    page.navigate("about:blank");
    page.navigate(home + "#/" + name);
    assertThat(page.locator("main h1")).isVisible();
    settle();
  }

  private void settle() {
    assertThat(page.locator(".waiting")).hasCount(0);
    page.waitForFunction(
        "() => { const main = document.querySelector('main').innerText;"
            + " const same = window.seen === main; window.seen = main; return same; }",
        null,
        new Page.WaitForFunctionOptions().setPollingInterval(250));
  }

  private void picture(String name) {
    page.screenshot(
        new Page.ScreenshotOptions().setPath(PICTURES.resolve(name + ".png")).setFullPage(true));
  }

  /** Fails on what axe finds. */
  private void accessible(String what) {
    page.evaluate(axe);
    Object found =
        page.evaluate(
            "() => axe.run(document, {resultTypes: ['violations']}).then(r => r.violations.map(v =>"
                + " v.id + ': ' + v.nodes.slice(0, 3).map(n => n.html.slice(0, 160) + ' | ' +"
                + " n.failureSummary).join(' ; ')))");
    assertThat((List<?>) found).as(what).isEmpty();
  }

  private void readable(String what) {
    String text = page.locator("main").innerText();
    assertThat(BROKEN.matcher(text).results().map(m -> context(text, m.start())).toList())
        .as(what)
        .isEmpty();
    // Names of settings and actions are set as program text.
    Object words =
        page.evaluate(
            "() => [...document.querySelectorAll('main *')].filter(e => !e.closest('code, pre,"
                + " .mono')).flatMap(e => [...e.childNodes]).filter(n => n.nodeType === 3)"
                + ".map(n => n.data.trim())");
    assertThat((List<?>) words)
        .as(what)
        .noneMatch(word -> UNTRANSLATED.matcher(word.toString()).matches());
    // An upstream that is down says so; nothing else has failed.
    List<String> failures = new ArrayList<>();
    for (Locator notice : page.locator("main .notice.bad").all()) {
      if (!notice.innerText().contains("no connection")) {
        failures.add(notice.innerText());
      }
    }
    assertThat(failures).as(what).isEmpty();
  }

  private static String context(String text, int at) {
    return text.substring(Math.max(0, at - 40), Math.min(text.length(), at + 40));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "overview",
        "overview?span=7d",
        "usage",
        "requests",
        "requests?tab=cache",
        "engine",
        "capacity",
        "playground",
        "playground?dialect=fill",
        "keys",
        "clients",
        "projects",
        "budgets",
        "budgets?tab=limits",
        "budgets?tab=whatif",
        "budgets?tab=alerts",
        "billing",
        "billing?tab=prices",
        "billing?tab=ledger",
        "billing?tab=reconcile",
        "people",
        "people?tab=roles",
        "people?tab=signin",
        "models",
        "models?tab=versions",
        "models?tab=rollouts",
        "quality",
        "routes",
        "audit",
        "privacy",
        "privacy?tab=bounds",
        "privacy?tab=keys",
        "privacy?tab=trial",
        "settings"
      })
  void eachPageInBothThemesAndLanguagesAndNarrow(String name) {
    String file = name.replaceAll("\\?(tab|span|dialect)=", "-");
    visit(name);
    readable(name);
    accessible(name + " light");
    picture(file + "-light");
    page.emulateMedia(new Page.EmulateMediaOptions().setColorScheme(ColorScheme.DARK));
    accessible(name + " dark");
    picture(file + "-dark");
    // Nothing is wider than a small phone but what scrolls by itself.
    page.setViewportSize(400, 900);
    settle();
    picture(file + "-narrow");
    assertThat((int) page.evaluate("() => document.documentElement.scrollWidth"))
        .as(name + " narrow")
        .isLessThanOrEqualTo(400);
    page.setViewportSize(1400, 1000);
    page.evaluate("() => localStorage.setItem('hadal.language', 'zh')");
    visit(name);
    readable(name + " in Chinese");
    assertThat(page.locator("html")).hasAttribute("lang", "zh-CN");
    assertThat(page.locator("h1").innerText()).matches("(?s).*\\p{IsHan}.*");
    picture(file + "-zh");
  }

  /** Presses the tab key until something of this name has the focus. */
  private void tabTo(String name) {
    for (int i = 0; i < 150; i++) {
      page.keyboard().press("Tab");
      Object focused =
          page.evaluate(
              "() => { const e = document.activeElement; const l = e.labels && e.labels[0];"
                  + " return (e.getAttribute('aria-label') || (l ? l.innerText : '') || e.innerText"
                  + " || '').trim(); }");
      if (focused.toString().startsWith(name)) {
        return;
      }
    }
    throw new AssertionError("the tab key does not lead to " + name);
  }

  private void press(String... keys) {
    for (String key : keys) {
      page.keyboard().press(key);
    }
  }

  @Test
  void aPersonSignsInAndOutByKeyboard() {
    context.close();
    open(false, ColorScheme.LIGHT, "en-US");
    page.navigate(console.url());
    assertThat(page.locator("input[name=password]")).isVisible();
    accessible("signing in");
    picture("signin-light");
    page.emulateMedia(new Page.EmulateMediaOptions().setColorScheme(ColorScheme.DARK));
    accessible("signing in, dark");
    picture("signin-dark");
    // The first field has the focus already.
    page.keyboard().type("administrator");
    press("Tab");
    page.keyboard().type("wrong");
    press("Enter");
    assertThat(page.locator(".notice.bad")).containsText("wrong");
    press("Shift+Tab", "Tab", "Control+A");
    page.locator("input[name=password]").focus();
    press("Control+A");
    page.keyboard().type(console.password);
    press("Enter");
    assertThat(page.locator("main h1")).hasText("Overview");
    tabTo("Sign out");
    press("Enter");
    assertThat(page.locator("input[name=password]")).isVisible();
  }

  @Test
  void aKeyIsCreatedByKeyboardAndShownOnce() {
    visit("keys");
    page.evaluate("() => document.querySelector('a.skip').focus()");
    press("Enter");
    assertThat(page.locator("main")).isFocused();
    tabTo("New key");
    press("Enter");
    assertThat(page.locator("dialog[open]")).isVisible();
    accessible("new key");
    picture("keys-dialog");
    press("Escape");
    assertThat(page.locator("dialog[open]")).hasCount(0);
    press("Enter");
    assertThat(page.locator("dialog[open] input[name=name]")).isFocused();
    press("Enter");
    assertThat(page.locator("dialog .wrong:visible")).hasText("Please fill this in.");
    page.keyboard().type("Tablet");
    press("Enter");
    assertThat(page.locator("code.key")).isVisible();
    accessible("the new key");
    picture("keys-shown");
    String text = page.locator("code.key").innerText();
    assertThat(text).startsWith("sk-l-");
    press("Escape");
    assertThat(page.locator("code.key")).hasCount(0);
    assertThat(page.content()).doesNotContain(text);
    assertThat(
            page.getByRole(AriaRole.ROWHEADER)
                .filter(new Locator.FilterOptions().setHasText("Tablet")))
        .isVisible();
    // And it works.
    assertThat(
            console
                .server
                .post(
                    "/v1/chat/completions",
                    "{'model':'tiny','max_tokens':1,'messages':[{'role':'user','content':'Hi'}]}",
                    "authorization",
                    "Bearer " + text)
                .statusCode())
        .isEqualTo(200);
  }

  @Test
  void aBudgetIsSetByKeyboard() {
    visit("budgets");
    tabTo("New budget");
    press("Enter");
    assertThat(page.locator("dialog[open] input[name=name]")).isFocused();
    picture("budgets-dialog");
    accessible("new budget");
    page.keyboard().type("By keyboard");
    tabTo("Budget, USD");
    page.keyboard().type("12.50");
    tabTo("Create");
    press("Enter");
    assertThat(page.locator("dialog[open]")).hasCount(0);
    assertThat(page.locator("main")).containsText("By keyboard");
    assertThat(console.admin("GET", "/budgets", "").toString())
        .contains("\"name\":\"By keyboard\"", "\"limit_nano\":12500000000");
    for (JsonNode one : console.admin("GET", "/budgets", "").path("data")) {
      // It would block what other tests ask for.
      if (one.path("name").asString("").equals("By keyboard")) {
        console.admin("DELETE", "/budgets/" + one.path("id").asString(""), "");
      }
    }
    // Arrow keys go through tabs.
    page.locator("[role=tab][aria-selected=true]").focus();
    press("ArrowRight");
    assertThat(page.locator("[role=tab][aria-selected=true]")).hasText("Limits");
  }

  @Test
  void theBurstOfALimitFollowsItsAmount() {
    JsonNode limit =
        console.admin(
            "POST",
            "/limits",
            "{'scope_type':'org','scope_id':'*','dimension':'rpm','amount':1000000}");
    visit("budgets?tab=limits");
    page.locator("main tr", new Page.LocatorOptions().setHasText("1,000,000"))
        .getByRole(AriaRole.BUTTON)
        .first()
        .click();
    assertThat(page.locator("dialog [name=burst]")).hasValue("100000");
    page.locator("dialog [name=amount]").fill("2000000");
    page.locator("dialog button[type=submit]").click();
    assertThat(page.locator("dialog[open]")).hasCount(0);
    String path = "/limits/" + limit.path("id").asString("");
    assertThat(console.admin("GET", path, "").path("burst").asInt()).isEqualTo(200000);
    console.admin("DELETE", path, "");
  }

  @Test
  void aRollOutIsRolledBackByKeyboard() {
    visit("models?tab=rollouts");
    tabTo("Roll back");
    press("Enter");
    assertThat(page.locator("dialog[open]")).isVisible();
    accessible("rolling back");
    picture("models-rollback");
    tabTo("Roll back");
    press("Enter");
    assertThat(page.locator("main")).containsText("Rolled back");
    assertThat(console.admin("GET", "/rollouts", "").toString())
        .contains("\"state\":\"rolled_back\"");
    // For the other tests, and for another picture.
    String rollout =
        console
            .admin(
                "POST",
                "/rollouts",
                "{'alias':'assistant','candidate':'nova@2026-11-01','mode':'canary','percent':10}")
            .path("id")
            .asString("");
    console.admin("POST", "/rollouts/" + rollout + "/start", "");
  }

  @Test
  void chartsAreReadByKeyboard() {
    visit("overview");
    page.locator("svg.chart").first().focus();
    press("End");
    assertThat(page.locator(".tip:visible").first()).isVisible();
  }

  @Test
  void usageIsLookedIntoByClicks() {
    visit("usage");
    page.locator("tbody button.link").first().click();
    settle();
    assertThat(page.url()).contains("by=key", "project=proj_");
    assertThat(page.locator("a[download]").first().getAttribute("href")).contains("project=proj_");
    picture("usage-project");
    page.goBack();
    page.waitForURL(url -> !url.contains("project=proj_"));
  }

  @Test
  void anAnswerStreamsAndShowsWhatItTook() {
    String key = console.key("Laptop of Ann");
    visit("playground");
    page.locator("[name=key]").fill(key);
    page.locator("[name=model]").fill("tiny");
    page.locator("[name=max]").fill("16");
    page.locator("[name=question]").fill("What is a B-tree?");
    press("Control+Enter");
    assertThat(page.locator(".figures")).containsText("$");
    accessible("an answer");
    picture("playground-answer");
    page.getByRole(AriaRole.TAB, new Page.GetByRoleOptions().setName("Raw events")).click();
    assertThat(page.locator(".events li").nth(3)).isVisible();
    // The key is in memory only.
    assertThat(
            page.evaluate("() => JSON.stringify(localStorage) + JSON.stringify(sessionStorage)")
                .toString())
        .doesNotContain(key);
  }

  @Test
  void aGapIsFilledIn() {
    visit("playground");
    page.locator("[name=key]").fill(console.key("Laptop of Ann"));
    page.locator("[name=model]").fill("coder");
    page.locator("[name=max]").fill("32");
    page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Fill in the middle"))
        .click();
    assertThat(page.locator("[name=question]")).isHidden();
    page.locator("[name=before]").fill("def area(radius):\n    return ");
    page.locator("[name=after]").fill("\nprint(area(2))\n");
    press("Control+Enter");
    assertThat(page.locator(".figures")).containsText("$");
    assertThat(page.locator(".hole")).containsText("print(area(2))");
    assertThat(page.locator(".filled")).hasText("3.14159 * radius ** 2");
    accessible("a filled gap");
    picture("playground-filled");
    page.getByRole(AriaRole.TAB, new Page.GetByRoleOptions().setName("Request body")).click();
    assertThat(page.locator("pre.box")).containsText("\"suffix\": \"\\nprint(area(2))\\n\"");
    // A conversation does not take it for something that was said.
    page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Chat Completions"))
        .click();
    assertThat(page.locator("[name=question]")).isVisible();
    page.locator("[name=model]").fill("tiny");
    page.locator("[name=question]").fill("Hi");
    press("Control+Enter");
    assertThat(page.locator(".figures").nth(1)).containsText("$");
    page.getByRole(AriaRole.TAB, new Page.GetByRoleOptions().setName("Request body"))
        .last()
        .click();
    assertThat(page.locator("pre.box").last()).not().containsText("assistant");
  }

  @Test
  void aFileOfAnUpstreamIsCompared() throws IOException {
    visit("billing?tab=reconcile");
    page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Compare")).click();
    assertThat(page.locator("main .wrong:visible")).hasText("Please choose a file.");
    page.locator("main summary").click();
    assertThat(page.locator("main details table")).isVisible();
    accessible("how a file must be");
    picture("billing-reconcile-format");
    page.locator("main summary").click();
    String time = Instant.now().minusSeconds(3 * 3600).truncatedTo(ChronoUnit.HOURS).toString();
    Path file =
        Files.writeString(
            folder.resolve("november.csv"),
            "request_id,time,model,input_tokens,output_tokens\nnobody-knows,%s,tiny,100,10\n"
                .formatted(time));
    page.locator("[name=file]").setInputFiles(file);
    page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Compare")).click();
    assertThat(page.locator("main .notice.warn")).containsText("Differences:");
    assertThat(page.locator("main")).containsText("nobody-knows");
    assertThat(page.locator("main")).containsText("Not booked");
    readable("a comparison");
    accessible("a comparison");
    picture("billing-reconcile-answer");
    page.locator("[name=file]")
        .setInputFiles(Files.writeString(folder.resolve("bad.csv"), "a,b\n1,2\n"));
    page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Compare")).click();
    assertThat(page.locator("main .notice.bad")).containsText("must have a column time");
    // The browser tells its console of each refused request.
    wrong.removeIf(text -> text.contains("400"));
  }

  @Test
  void redactionIsSetAndTriedWithOwnPatterns() {
    visit("privacy");
    page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Change: Review bot"))
        .click();
    page.locator("dialog [name=redaction]").selectOption("mask");
    page.locator("dialog [name=redaction_answers]").selectOption("detect");
    page.locator("dialog [name=redaction_patterns]").fill("no colon");
    page.locator("dialog button[type=submit]").click();
    assertThat(page.locator("dialog .wrong:visible")).containsText("Each line needs");
    page.locator("dialog [name=redaction_patterns]").fill("TICKET: AB(C");
    page.locator("dialog button[type=submit]").click();
    assertThat(page.locator("dialog .wrong:visible, dialog .notice.bad")).containsText("TICKET");
    page.locator("dialog [name=redaction_patterns]").fill("TICKET: RB-\\d{3}\nTICKET: QA-\\d+");
    page.locator("dialog [name=redaction_words]").fill("PROJECT: Blue Heron");
    page.getByLabel("IP address").uncheck();
    accessible("redaction");
    picture("privacy-redaction");
    page.locator("dialog button[type=submit]").click();
    assertThat(page.locator("dialog[open]")).hasCount(0);
    assertThat(
            console
                .admin("GET", "/projects/" + console.project("Review bot"), "")
                .path("policy")
                .toString())
        .contains(
            "\"redaction\":\"mask\"",
            "\"redaction_answers\":\"detect\"",
            "\"TICKET\":[\"RB-\\\\d{3}\",\"QA-\\\\d+\"]",
            "\"PROJECT\":[\"Blue Heron\"]")
        .doesNotContain("\"IP\"");
    page.getByRole(AriaRole.TAB, new Page.GetByRoleOptions().setName("Try redaction")).click();
    page.locator("[name=project]").selectOption(new SelectOption().setLabel("Review bot"));
    page.locator("[name=text]").fill("RB-123 is about blue heron; ask jane@example.org.");
    page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Try").setExact(true))
        .click();
    assertThat(page.locator("pre.box")).hasText("[TICKET] is about [PROJECT]; ask [EMAIL].");
    picture("privacy-trial-answer");
    console.admin(
        "PATCH",
        "/projects/" + console.project("Review bot"),
        "{'policy':{'redaction':'off','redaction_answers':'off','redaction_patterns':{},"
            + "'redaction_words':{},'redaction_detectors':[]}}");
    wrong.removeIf(text -> text.contains("400"));
  }

  @Test
  void aPlanSaysHowManyReplicas() throws IOException {
    // A server compares once it has run enough steps: behind other tests, not in this one alone.
    boolean compared =
        console
            .admin("GET", "/capacity", "")
            .path("live")
            .path("errors")
            .valueStream()
            .anyMatch(one -> one.hasNonNull("calibrated") || one.hasNonNull("live"));
    visit("capacity");
    page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Simulate")).click();
    assertThat(page.locator("main .notice").first()).containsText("replica");
    if (compared) {
      assertThat(page.locator("main")).containsText("Predictions and steps");
    }
    // How many there are depends on what the server has answered until now.
    int tables = page.locator("main table").count();
    page.locator("[name=usd_per_hour]").fill("0.5");
    page.locator("[name=routed_prompt_usd]").fill("0.3");
    page.locator("[name=routed_output_usd]").fill("1.2");
    page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Simulate")).click();
    assertThat(page.locator("main table")).hasCount(tables + 1);
    assertThat(page.locator("main")).containsText("cheapest");
    readable("a plan");
    accessible("a plan");
    picture("capacity-plan");
    Download file =
        page.waitForDownload(
            () ->
                page.getByText("All figures, CSV", new Page.GetByTextOptions().setExact(true))
                    .click());
    assertThat(Files.readString(file.path()))
        .startsWith("\"question\",\"value\",\"replicas\"")
        .contains("\r\n\"step_tokens\",512,", "\r\n\"mix\",,0,");
    page.locator("[name=ttft_seconds]").fill("1");
    page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Simulate")).click();
    assertThat(page.locator("main .notice.bad")).containsText("No number of replicas");
    picture("capacity-impossible");
    // Before somebody has measured the machine: what was learnt serves, or the page says what to
    // do.
    Path costs = console.platform.data().capacity();
    Path aside = Files.move(costs, folder.resolve("costs"));
    try {
      visit("capacity");
      assertThat(page.locator("main"))
          .containsText(Pattern.compile("hadal capacity calibrate|Costs of steps"));
      accessible("nothing measured");
      picture("capacity-uncalibrated");
    } finally {
      Files.move(aside, costs);
    }
  }

  @Test
  void aFreshServerSaysWhatToDo() throws IOException {
    try (Platform platform =
            Platform.open(PlatformOptions.in(new DataFolder(folder.resolve("fresh"))), line -> {});
        TestServer server = TestServer.with(PlatformWiring.access(platform, false))) {
      context.close();
      open(false, ColorScheme.LIGHT, "en-US");
      asked.clear();
      home = server.url("/console/");
      page.navigate(home);
      signIn(page, Objects.requireNonNull(platform.firstPassword()).reveal());
      assertThat(page.locator(".side nav a").first()).isVisible();
      for (String name :
          List.of(
              "overview",
              "usage",
              "requests",
              "engine",
              "capacity",
              "keys",
              "clients",
              "projects",
              "budgets",
              "billing",
              "billing?tab=prices",
              "billing?tab=ledger",
              "billing?tab=reconcile",
              "people",
              "models",
              "models?tab=rollouts",
              "quality",
              "routes",
              "audit",
              "privacy",
              "privacy?tab=trial")) {
        visit(name);
        readable(name + " of a fresh server");
        accessible(name + " of a fresh server");
        // Something to read, or what to do.
        assertThat(page.locator("main :is(.empty, table, pre, .notice, form):visible").first())
            .isVisible();
        if (name.equals("capacity")) {
          assertThat(page.locator("main")).containsText("hadal capacity calibrate");
        }
        picture("fresh-" + name.replace("?tab=", "-"));
      }
    }
  }

  @Test
  void whatWouldBeBlockedIsSaid() {
    String budget =
        console
            .admin(
                "POST",
                "/budgets",
                "{'name':'Tiny','scope_type':'project','scope_id':'%s','window':'total',"
                        .formatted(console.project("Review bot"))
                    + "'limit_nano':1}")
            .path("id")
            .asString("");
    assertThat(
            console
                .server
                .post(
                    "/v1/chat/completions",
                    "{'model':'tiny','max_tokens':1,'messages':[{'role':'user','content':'Hi'}]}",
                    "authorization",
                    "Bearer " + console.key("Review"))
                .statusCode())
        .isEqualTo(402);
    visit("budgets?tab=whatif");
    page.locator("[name=key_id]").selectOption(new SelectOption().setLabel("Review · Review bot"));
    page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Check")).click();
    assertThat(page.locator("main .notice.bad")).containsText("would be refused");
    assertThat(page.locator("main .notice.bad")).containsText("Tiny");
    accessible("what if");
    picture("budgets-whatif-answer");
    console.admin("DELETE", "/budgets/" + budget, "");
  }

  @Test
  void aRequestShowsWhereItsTimeWent() {
    visit("requests");
    page.locator("tbody button.link").first().click();
    assertThat(page.locator("dialog .falls")).isVisible();
    accessible("a request");
    picture("requests-one");
  }

  @Test
  void aVersionShowsWhatItPromises() {
    visit("models?tab=versions");
    page.locator("tbody button.link").first().click();
    assertThat(page.locator("dialog .facts")).isVisible();
    assertThat(page.locator("dialog .facts")).containsText("first token within");
    accessible("a version");
    picture("models-version");
  }

  @Test
  void aVersionOfOtherWeightsRunsNowhere() {
    String hash = "0".repeat(64);
    String id =
        console
            .admin(
                "POST",
                "/models",
                ("{'version':'2026-09-01','manifest':{'family':'absent','kind':'local',"
                        + "'weights':[{'file':'w','sha256':'%s'}],'engine':{'version':'1'}}}")
                    .formatted(hash))
            .at("/id")
            .asString();
    visit("models?tab=versions");
    Locator row = page.locator("tbody tr").filter(new Locator.FilterOptions().setHasText(id));
    assertThat(row).containsText("nowhere");
    row.locator("button.link").click();
    assertThat(page.locator("dialog .facts")).containsText("Not this server");
    assertThat(page.locator("dialog .facts")).containsText("has other weights here");
    accessible("a version that runs nowhere");
    picture("models-nowhere");
    console.admin("DELETE", "/models/" + id, "");
  }

  @Test
  void whatCannotBeUndoneIsAskedAboutFirst() {
    visit("projects");
    page.getByRole(AriaRole.BUTTON)
        .filter(new Locator.FilterOptions().setHasText("Archive"))
        .first()
        .click();
    assertThat(page.locator("dialog[open]")).isVisible();
    accessible("archiving");
    picture("projects-archive");
    assertThat(page.locator("dialog footer button.danger")).isDisabled();
    page.locator("dialog footer button").first().click();
    assertThat(page.locator("dialog[open]")).hasCount(0);
  }

  @Test
  void boundsOfAnOrganisationHoldForItsProjects() {
    visit("privacy?tab=bounds");
    page.getByRole(AriaRole.BUTTON)
        .filter(new Locator.FilterOptions().setHasText("Change"))
        .first()
        .click();
    page.locator("dialog [name=retention_days]").fill("400");
    page.locator("dialog [name=retention_job_days]").fill("9");
    accessible("bounds");
    picture("privacy-bound");
    page.locator("dialog button[type=submit]").click();
    assertThat(page.locator("dialog[open]")).hasCount(0);
    JsonNode policy = console.admin("GET", "/projects", "").at("/data/0/policy");
    assertThat(policy.path("retention_days").asInt()).isEqualTo(400);
    assertThat(policy.path("retention_job_days").asInt()).isEqualTo(9);
  }

  @Test
  void settingsOfClientsHaveTheKeyOfThePageOnly() {
    visit("clients?client=codex");
    page.locator("[name=key]").fill("sk-l-my-own-key");
    assertThat(page.locator("main")).containsText("export HADAL_API_KEY=sk-l-my-own-key");
    assertThat(page.locator("main")).containsText("wire_api = \"responses\"");
    assertThat(asked).noneMatch(url -> url.contains("my-own-key"));
    picture("clients-codex");
  }
}
