import { useState } from "preact/hooks";
import { login, Problem } from "../api/client";
import { Fault } from "../components/states";

export function Login({ done }: { done: () => void }) {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [problem, setProblem] = useState<Problem | null>(null);
  const send = async (event: Event) => {
    event.preventDefault();
    try {
      await login(name, password);
      done();
    } catch (error) {
      setProblem(error as Problem);
    }
  };
  return (
    <main class="login">
      <h1>Millrace</h1>
      <form onSubmit={(event) => void send(event)}>
        <label>
          Name
          <input
            autocomplete="username"
            required
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </label>
        <label>
          Password
          <input
            type="password"
            autocomplete="current-password"
            required
            value={password}
            onInput={(event) => setPassword(event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="primary">
          Log in
        </button>
        {problem && <Fault problem={problem} />}
      </form>
    </main>
  );
}
