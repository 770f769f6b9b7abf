//! What is drawn anew while somebody looks at it. A drawing lives until the next one stands in its place, and one that comes too
//! late for its place is not put up: either would read signals that are gone, which ends the whole app.

use std::sync::{Arc, Mutex, PoisonError};
#[cfg(feature = "ssr")]
use std::task::Poll;

use leptos::{
    prelude::*,
    tachys::{
        html::attribute::{Attribute, any_attribute::AnyAttribute},
        hydration::Cursor,
        reactive_graph::{OwnedView, OwnedViewState},
        ssr::StreamBuilder,
        view::{Position, PositionState, add_attr::AddAnyAttr, any_view::AnyViewState},
    },
};

/// Drawings of one roll.
const ROLL: u16 = 256;

/// The place of the drawings: made beside the closure that draws, so that it outlives each of its runs, and in a `<Transition>`, which
/// waits for them on the server.
#[derive(Clone, Debug)]
pub struct Canvas {
    page: Owner,
    roll: Arc<Mutex<Roll>>,
}

/// An owner remembers each child that it ever had, and a page may be open for weeks: so drawings are the children of rolls, which
/// go with their last one.
#[derive(Debug)]
struct Roll {
    owner: Owner,
    left: u16,
}

impl Roll {
    fn of(page: &Owner) -> Self {
        Self { owner: page.child(), left: ROLL }
    }
}

impl Canvas {
    pub fn here() -> Self {
        let page = Owner::current().unwrap_or_default();
        let roll = Arc::new(Mutex::new(Roll::of(&page)));
        Self { page, roll }
    }

    /// For what one drawing is made of. The server draws once, and keeps nothing.
    fn own(&self) -> Owner {
        if cfg!(feature = "ssr") {
            return self.page.clone();
        }
        let mut roll = self.roll.lock().unwrap_or_else(PoisonError::into_inner);
        if roll.left == 0 {
            *roll = Roll::of(&self.page);
        }
        roll.left -= 1;
        let (own, roll) = (roll.owner.child(), roll.owner.clone());
        own.with(|| on_cleanup(move || drop(roll)));
        own
    }

    /// What is waited for, drawn once it is there, unless whoever waited has left meanwhile.
    #[expect(clippy::disallowed_methods, reason = "here it has what it lacks")]
    pub fn drawing<W, D, V>(&self, value: W, draw: D) -> Suspend<Drawn>
    where
        W: IntoFuture<Output: Send> + Send + 'static,
        D: FnOnce(W::Output) -> V + Send + 'static,
        V: IntoView + 'static,
        W::IntoFuture: Send,
    {
        Suspend::new(self.drawn(value, draw))
    }

    fn drawn<W, D, V>(&self, value: W, draw: D) -> impl Future<Output = Drawn> + use<W, D, V>
    where
        W: IntoFuture,
        D: FnOnce(W::Output) -> V,
        V: IntoView + 'static,
    {
        let canvas = self.clone();
        // Of this run: gone with the next one, and with the page.
        let run = StoredValue::new(());
        async move {
            let value = value.await;
            #[cfg(feature = "ssr")]
            asked_again().await;
            let own = canvas.own();
            let view = match run.is_disposed() {
                false if cfg!(feature = "ssr") => draw(value).into_any(),
                false => own.with(|| draw(value).into_any()),
                true => ().into_any(),
            };
            Drawn { run, own, view }
        }
    }
}

/// Before the server draws a page it looks through it for what is still to be waited for, and throws away what that look drew.
/// Where the value has come by then, the whole page would be drawn twice. A look asks once; whoever draws asks again.
#[cfg(feature = "ssr")]
async fn asked_again() {
    let mut asked = false;
    std::future::poll_fn(move |context| {
        if std::mem::replace(&mut asked, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// A drawing with what it is made of: [`OwnedView`] keeps that until the next one is in its place. A [`Suspend`] waits for a moment
/// between the drawing and its place, and does not ask again whether it is still wanted.
#[derive(Debug)]
pub struct Drawn {
    run: StoredValue<()>,
    own: Owner,
    view: AnyView,
}

impl Drawn {
    fn owned(self) -> OwnedView<AnyView> {
        OwnedView::new_with_owner(self.view, self.own)
    }
}

impl Render for Drawn {
    type State = OwnedViewState<AnyViewState>;

    fn build(self) -> Self::State {
        if self.run.is_disposed() {
            return OwnedView::new_with_owner(().into_any(), self.own).build();
        }
        self.owned().build()
    }

    fn rebuild(self, state: &mut Self::State) {
        if !self.run.is_disposed() {
            self.owned().rebuild(state);
        }
    }
}

impl AddAnyAttr for Drawn {
    type Output<SomeNewAttr: Attribute> = <OwnedView<AnyView> as AddAnyAttr>::Output<SomeNewAttr>;

    fn add_any_attr<NewAttr: Attribute>(self, attr: NewAttr) -> Self::Output<NewAttr>
    where
        Self::Output<NewAttr>: RenderHtml,
    {
        self.owned().add_any_attr(attr)
    }
}

/// On the server it is what it draws; in the browser also whose it is.
impl RenderHtml for Drawn {
    type AsyncOutput = AnyView;
    type Owned = Self;

    const MIN_LENGTH: usize = 0;

    fn dry_resolve(&mut self) {
        self.view.dry_resolve();
    }

    async fn resolve(self) -> Self::AsyncOutput {
        self.view.resolve().await
    }

    fn html_len(&self) -> usize {
        self.view.html_len()
    }

    fn to_html_with_buf(
        self,
        buf: &mut String,
        position: &mut Position,
        escape: bool,
        mark_branches: bool,
        extra_attrs: Vec<AnyAttribute>,
    ) {
        self.view.to_html_with_buf(buf, position, escape, mark_branches, extra_attrs);
    }

    fn to_html_async_with_buf<const OUT_OF_ORDER: bool>(
        self,
        buf: &mut StreamBuilder,
        position: &mut Position,
        escape: bool,
        mark_branches: bool,
        extra_attrs: Vec<AnyAttribute>,
    ) {
        self.view.to_html_async_with_buf::<OUT_OF_ORDER>(buf, position, escape, mark_branches, extra_attrs);
    }

    fn hydrate<const FROM_SERVER: bool>(self, cursor: &Cursor, position: &PositionState) -> Self::State {
        self.owned().hydrate::<FROM_SERVER>(cursor, position)
    }

    async fn hydrate_async(self, cursor: &Cursor, position: &PositionState) -> Self::State {
        self.owned().hydrate_async(cursor, position).await
    }

    fn into_owned(self) -> Self::Owned {
        self
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use std::{
        cell::Cell,
        pin::pin,
        task::{Context, Waker},
    };

    use super::*;

    #[test]
    fn a_look_at_what_is_there_draws_nothing_and_who_asks_again_gets_one_drawing() {
        let owner = Owner::new();
        owner.set();
        let drawings = Cell::new(0);
        let mut page = pin!(Canvas::here().drawn(std::future::ready(7), |value: i32| {
            drawings.set(drawings.get() + value);
        }));
        let mut context = Context::from_waker(Waker::noop());
        assert!(page.as_mut().poll(&mut context).is_pending());
        assert_eq!(drawings.get(), 0);
        assert!(page.as_mut().poll(&mut context).is_ready());
        assert_eq!(drawings.get(), 7);
    }

    #[test]
    fn what_comes_when_its_page_has_left_is_not_drawn() {
        let owner = Owner::new();
        owner.set();
        let drawings = Cell::new(0);
        let mut page = pin!(Canvas::here().drawn(std::future::ready(7), |_| drawings.set(1)));
        let mut context = Context::from_waker(Waker::noop());
        assert!(page.as_mut().poll(&mut context).is_pending());
        owner.cleanup();
        assert!(page.as_mut().poll(&mut context).is_ready());
        assert_eq!(drawings.get(), 0);
    }
}
