import { Component, type ReactNode } from 'react';
import { Note } from './note.tsx';

interface BoundaryProps {
  readonly children: ReactNode;
  /** Another one is another screen, which is tried anew. */
  readonly location: string;
}

interface BoundaryState {
  readonly error?: unknown;
  readonly location: string;
}

/**
 * Shows an error in place of a screen that cannot be shown, so that the rest of the page stays. Most often,
 * the files of the screen were not loaded yet when the server ended, or are of another version.
 */
export class Boundary extends Component<BoundaryProps, BoundaryState> {
  override state: BoundaryState = { location: this.props.location };

  static getDerivedStateFromError(error: unknown): Pick<BoundaryState, 'error'> {
    return { error };
  }

  static getDerivedStateFromProps(
    { location }: BoundaryProps,
    state: BoundaryState,
  ): BoundaryState | null {
    return location === state.location ? null : { location, error: undefined };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    const { message } = error instanceof Error ? error : { message: String(error) };
    return (
      <Note kind="problem">
        <p>This screen cannot be shown: {message}</p>
        <p>If its server was stopped, start it again, and open the address that it prints.</p>
        <button type="button" onClick={() => window.location.reload()}>
          Reload the page
        </button>
      </Note>
    );
  }
}
