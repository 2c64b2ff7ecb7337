// What somebody sees whom the server does not know.

export function SignedOut() {
  return (
    <div class="empty signed-out">
      <h1>This page needs a login</h1>
      <p>Events may hold what is not everybody's business, so the server asks who you are. Where it runs, say</p>
      <pre class="code">otel-events serve --print-login</pre>
      <p>and open the link that it prints. It can be used once; this browser is then known.</p>
    </div>
  );
}
